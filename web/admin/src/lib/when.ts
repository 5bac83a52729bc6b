const DAY = 86_400;

/** Units of `Intl.RelativeTimeFormat`, by how many seconds they have. */
const UNITS: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', 3600],
  ['minute', 60],
];

const relatively = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** A local date (`YYYY-MM-DD`) in words, e.g. a birth date: it has no zone. */
export function date(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  return at.toLocaleDateString('en-CA', { dateStyle: 'long', timeZone: 'UTC' });
}

/** Today's date (`YYYY-MM-DD`) in a zone. */
export function today(zone: string, now = new Date()): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(now);
}

/** Years since a birth date, today in the agency's zone (29 February becomes 1 March). */
export function age(birthDate: string, zone: string, now = new Date()): number {
  const day = today(zone, now);
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** An instant in the agency's zone, which is named. */
export function moment(instant: string, zone: string): string {
  return new Date(instant).toLocaleString('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  });
}

/** The day on which an instant lies in the agency's zone, in brief. */
export function day(instant: string, zone: string): string {
  return new Date(instant).toLocaleDateString('en-CA', { timeZone: zone, dateStyle: 'medium' });
}

/** How long ago, or how soon, e.g. *3 days ago*. */
export function relative(instant: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  return unit ? relatively.format(Math.round(seconds / unit[1]), unit[0]) : 'just now';
}

/** The instant at which a day (`YYYY-MM-DD`) begins in a zone. */
export function startOf(day: string, zone: string): string {
  const wall = Date.parse(`${day}T00:00:00Z`);
  // The clock in the zone differs by its offset, which may be another one a few hours earlier.
  const guess = wall - offsetAt(wall, zone);
  return new Date(wall - offsetAt(guess, zone)).toISOString();
}

/** The day after a day. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY * 1000).toISOString().slice(0, 10);
}

/** Milliseconds by which a zone's clock is ahead of UTC then. */
function offsetAt(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const of = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - instant;
}
