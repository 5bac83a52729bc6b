import { describe, expect, test } from 'vitest';
import { byMonth, duration, monthName, monthsBetween, monthsUpTo, percent, scale, shareOf } from './figures';

const row = (month: string, invited: number) => ({
  month,
  invited,
  activated: 1,
  returned: 0,
  mails_sent: 2,
  mails_bounced: 0,
  mails_complained: 0,
});

test('months, over the end of a year', () => {
  expect(monthsUpTo('2026-02', 4)).toEqual(['2025-11', '2025-12', '2026-01', '2026-02']);
  expect(monthsBetween('2025-12', '2026-02')).toEqual(['2025-12', '2026-01', '2026-02']);
  expect(monthsBetween('2026-02', '2026-02')).toEqual(['2026-02']);
  expect(monthsBetween('2026-03', '2026-02')).toEqual([]);
  expect([monthName('2026-03'), monthName('2026-03', 'short')]).toEqual(['March 2026', 'Mar']);
});

test('sites are added up, and a month without anything is a month', () => {
  const months = byMonth(
    [row('2026-01', 3), row('2026-01', 4), row('2026-03', 5)],
    ['2026-01', '2026-02', '2026-03'],
  );
  expect(months.map(({ invited }) => invited)).toEqual([7, 0, 5]);
  expect(months.map(({ mails_sent }) => mails_sent)).toEqual([4, 0, 2]);
});

describe('the scale of a chart', () => {
  test.each([
    [0, 1, [0, 1]],
    [1, 1, [0, 1]],
    [3, 3, [0, 1, 2, 3]],
    [7, 8, [0, 2, 4, 6, 8]],
    [40, 40, [0, 10, 20, 30, 40]],
    [41, 60, [0, 20, 40, 60]],
    [1234, 1500, [0, 500, 1000, 1500]],
    [99_999, 100_000, [0, 50_000, 100_000]],
  ])('up to %i', (most, top, lines) => {
    expect(scale(most)).toEqual({ top, lines });
  });

  test('holds whatever there is, with few lines, in whole numbers', () => {
    for (let most = 0; most < 3000; most += 1) {
      const { top, lines } = scale(most);
      expect(top).toBeGreaterThanOrEqual(most);
      expect(lines.length).toBeLessThanOrEqual(6);
      expect(lines.every(Number.isInteger)).toBe(true);
      expect(lines.at(-1)).toBe(top);
    }
  });
});

test('parts of a whole', () => {
  expect([percent(1, 3), percent(0, 3), percent(0, 0)]).toEqual(['33.3%', '0%', 'none']);
  // More may come back in a month than were invited in it: the bar ends at its end.
  expect([shareOf(5, 4), shareOf(1, 4), shareOf(0, 0)]).toEqual([1, 0.25, 0]);
});

test('times', () => {
  expect([0, 1, 59, 60, 75, 1440, 1500, 4325].map(duration)).toEqual([
    'less than a minute',
    '1 minute',
    '59 minutes',
    '1 hour',
    '1 hour 15 minutes',
    '1 day',
    '1 day 1 hour',
    '3 days',
  ]);
});
