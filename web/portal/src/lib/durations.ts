import { language } from './language.svelte';

const UNITS = [
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** A length of time in words: "2 minutes", "1 minute 30 seconds". Of two units at most, the smaller one rounded up. */
export function duration(seconds: number): string {
  // Beyond an hour in whole minutes.
  let rest = seconds >= 3600 ? Math.ceil(seconds / 60) * 60 : Math.ceil(seconds);
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(inUnit(count, unit));
  }
  return parts.join(' ') || inUnit(0, 'second');
}

function inUnit(count: number, unit: string): string {
  return new Intl.NumberFormat(language.current, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
