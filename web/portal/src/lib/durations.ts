import { language } from './language.svelte';

const UNITS = [
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in words: "2 minutes", "1 minute 30 seconds". Of two units at most, the smaller one rounded up. */
export function duration(seconds: number): string {
  const first = UNITS.findIndex(([, length]) => seconds >= length);
  const units = UNITS.slice(first === -1 ? 2 : first).slice(0, 2);
  let rest = seconds;
  const parts = units.map(([unit, length], index) => {
    const count = index === units.length - 1 ? Math.ceil(rest / length) : Math.floor(rest / length);
    rest -= count * length;
    return count === 0 && (index > 0 || units.length > 1) ? '' : inUnit(count, unit);
  });
  return parts.filter(Boolean).join(' ');
}

function inUnit(count: number, unit: string): string {
  return new Intl.NumberFormat(language.current, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
