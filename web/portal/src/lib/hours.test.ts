import { expect, test } from 'vitest';
import { week, type Span } from './hours';

const on = (day: Span['day'], from = '09:00', to = '17:00'): Span => ({ day, from, to });

test('days in a row with the same hours are one line', () => {
  const spans = [on('friday'), on('monday'), on('tuesday'), on('wednesday', '13:00', '19:00')];
  expect(week(spans)).toEqual([
    { first: 0, last: 1, hours: [{ from: '09:00', to: '17:00' }] },
    { first: 2, last: 2, hours: [{ from: '13:00', to: '19:00' }] },
    { first: 4, last: 4, hours: [{ from: '09:00', to: '17:00' }] },
  ]);
});

test('a break at noon shows, in the order of the day', () => {
  const spans = [on('sunday', '14:00', '16:00'), on('sunday', '09:00', '12:00')];
  expect(week(spans)[0]?.hours.map(({ from }) => from)).toEqual(['09:00', '14:00']);
});
