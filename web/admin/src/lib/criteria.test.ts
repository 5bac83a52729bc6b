import { describe, expect, test } from 'vitest';
import { criteriaOf } from './criteria';

describe('what is typed into the search is read as what it looks like', () => {
  test.each([
    ['marie o’br', { name: 'marie o’br' }],
    ['李明', { name: '李明' }],
    [' marie@example.org ', { email: 'marie@example.org' }],
    ['demo:0042', { external_id: { source: 'demo', id: '0042' } }],
    ['1990-05-03', { birth_date: '1990-05-03' }],
    ['1990/5/3', { birth_date: '1990-05-03' }],
    ['31.12.1990', { birth_date: '1990-12-31' }],
    ['12/31/1990', { birth_date: '1990-12-31' }],
    ['3 May 1990', { birth_date: '1990-05-03' }],
    ['May 3, 1990', { birth_date: '1990-05-03' }],
    // The third of April, or the fourth of March: nobody is looked for by a guess.
    ['03/04/1990', { other: 'date' }],
    ['1990-02-30', { other: 'date' }],
    ['42', { other: 'date' }],
    ['m', { other: 'short' }],
    ['  ', { other: 'empty' }],
  ])('%s', (typed, criteria) => {
    expect(criteriaOf(typed)).toEqual(criteria);
  });
});
