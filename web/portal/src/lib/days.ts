import { language } from './language.svelte';
import { tag } from './times';

/** A calendar day, wherever the reader is: `2024-03-01` is the first of March. */
export function dayOf(date: string): string {
  return new Intl.DateTimeFormat(tag(), {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    timeZone: 'UTC',
  }).format(new Date(`${date}T00:00:00Z`));
}

/** A day of the week by its number from 0, which is Monday. */
export function dayOfWeek(number: number): string {
  // The fifth of January 1970 was a Monday.
  const date = new Date(Date.UTC(1970, 0, 5 + number));
  return new Intl.DateTimeFormat(language.current, { weekday: 'long', timeZone: 'UTC' }).format(date);
}

/** A time on the wall, `09:00`, as the reader writes it. */
export function wallTime(time: string): string {
  const form = { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(tag(), form).format(new Date(`1970-01-01T${time}:00Z`));
}

/** The place that a time zone is named after: `America/St_Johns` is “St Johns”. */
export const placeOf = (zone: string): string => zone.replace(/^.*\//, '').replaceAll('_', ' ');
