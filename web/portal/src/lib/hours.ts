import type { Agency } from './agency.svelte';

/** When the agency is there on one day of the week, as wall time where it is. */
export type Span = Agency['availability'][number];

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** Days in a row with the same hours: numbers of the first and the last, from 0 for Monday, and the hours. */
export interface Days {
  first: number;
  last: number;
  hours: ReadonlyArray<Pick<Span, 'from' | 'to'>>;
}

/** The week in as few lines as it takes; days on which nobody is there have none. */
export function week(spans: readonly Span[]): Days[] {
  const lines: Days[] = [];
  for (const [number, day] of DAYS.entries()) {
    const hours = spans
      .filter((span) => span.day === day)
      .map(({ from, to }) => ({ from, to }))
      .sort((one, other) => one.from.localeCompare(other.from));
    if (hours.length === 0) continue;
    const before = lines.at(-1);
    if (before?.last === number - 1 && JSON.stringify(before.hours) === JSON.stringify(hours)) {
      before.last = number;
    } else {
      lines.push({ first: number, last: number, hours });
    }
  }
  return lines;
}
