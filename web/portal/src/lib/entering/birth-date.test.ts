import { expect, test } from 'vitest';
import { readDate } from './birth-date';

const today = new Date('2026-11-22T10:00:00Z');
const read = (day: string, month: string, year: string) => readDate({ day, month, year }, today);

test('a birth date is read from its fields', () => {
  expect(read('5', '3', '1987')).toBe('1987-03-05');
  expect(read(' 29 ', '2', ' 2004 ')).toBe('2004-02-29');
});

test('slips that show are told before they cost an attempt', () => {
  expect(read('', '3', '')).toEqual({ why: 'incomplete', fields: ['day', 'year'] });
  expect(read('5', '3', '87')).toEqual({ why: 'year_digits', fields: ['year'] });
  for (const [day, month] of [
    ['31', '4'],
    ['29', '2'],
    ['0', '1'],
    ['5a', '1'],
  ] as const) {
    expect(read(day, month, '1987')).toEqual({ why: 'not_a_date', fields: ['day'] });
  }
  expect(read('24', '11', '2026')).toEqual({ why: 'future', fields: ['year'] });
});
