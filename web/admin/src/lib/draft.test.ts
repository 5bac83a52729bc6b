import { expect, test } from 'vitest';
import { Draft } from './draft.svelte';

const before = { first: 'Ann', last: 'Lee', site: 'quay' };

test('what only another changed is taken over, what both changed is put beside', () => {
  const draft = new Draft(before);
  draft.values.last = 'Leigh';
  expect(draft.meet({ first: 'Anne', last: 'Li', site: 'quay' })).toBe(true);
  expect(draft.values).toEqual({ first: 'Anne', last: 'Leigh', site: 'quay' });
  expect(draft.taken).toEqual(['first']);
  expect(draft.theirs).toEqual({ last: 'Li' });
  draft.take('last');
  expect(draft.values.last).toBe('Li');
  expect(draft.theirs).toEqual({});
  expect(draft.dirty).toBe(false);
});

test('both changed it to the same: nothing to choose', () => {
  const draft = new Draft(before);
  draft.values.last = 'Li';
  expect(draft.meet({ ...before, last: 'Li' })).toBe(true);
  expect(draft.theirs).toEqual({});
});

test('a record that changed elsewhere changes nothing here', () => {
  const draft = new Draft(before);
  draft.values.last = 'Leigh';
  expect(draft.meet({ ...before })).toBe(false);
  expect(draft.values.last).toBe('Leigh');
});
