import { expect, test } from 'vitest';
import { dayAfter, startOf } from './when';

test.each([
  ['2026-01-15', 'America/Toronto', '2026-01-15T05:00:00.000Z'],
  ['2026-07-15', 'America/Toronto', '2026-07-15T04:00:00.000Z'],
  // The clocks change later on that day, and the day after begins by the new time.
  ['2026-03-08', 'America/Toronto', '2026-03-08T05:00:00.000Z'],
  ['2026-03-09', 'America/Toronto', '2026-03-09T04:00:00.000Z'],
  ['2026-11-01', 'America/Toronto', '2026-11-01T04:00:00.000Z'],
  ['2026-11-02', 'America/Toronto', '2026-11-02T05:00:00.000Z'],
  ['2026-07-15', 'Australia/Sydney', '2026-07-14T14:00:00.000Z'],
  ['2026-07-15', 'Asia/Kolkata', '2026-07-14T18:30:00.000Z'],
  ['2026-07-15', 'UTC', '2026-07-15T00:00:00.000Z'],
])('%s begins in %s at %s', (day, zone, instant) => {
  expect(startOf(day, zone)).toBe(instant);
});

test('the day after, over the ends of months and years', () => {
  expect(dayAfter('2026-12-31')).toBe('2027-01-01');
  expect(dayAfter('2028-02-28')).toBe('2028-02-29');
});
