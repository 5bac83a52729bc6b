import { expect, test } from 'vitest';
import { Meanwhile } from './meanwhile.svelte';

test('what others saved first is taken over, and shown where both changed the same', () => {
  const form = new Meanwhile({ first: 'Ana', last: 'Diaz', called: '' }, 3);
  form.values.first = 'Anna';
  form.values.called = 'Nan';
  expect(form.meet({ first: 'Ana María', last: 'Díaz', called: '' }, 4)).toBe(true);
  expect(form.values).toEqual({ first: 'Anna', last: 'Díaz', called: 'Nan' });
  expect(form.theirs).toEqual({ first: 'Ana María' });
  expect(form.version).toBe(4);
});

test('what others saved elsewhere on the record is no news', () => {
  const form = new Meanwhile({ first: 'Ana' }, 3);
  form.values.first = 'Anna';
  expect(form.meet({ first: 'Ana' }, 4)).toBe(false);
  expect(form.theirs).toBeUndefined();
  expect(form.values.first).toBe('Anna');
});
