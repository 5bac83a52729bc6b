import { expect, test } from 'vitest';
import { strengthOf } from './strength.ts';

test('length comes first, then variety', () => {
  const of = (password: string) => strengthOf(password, 15);
  expect(of('')).toBe('none');
  expect(of('horse battery')).toBe('short');
  expect(of('aaaaaaaaaaaaaaaaaaaa')).toBe('plain');
  expect(of('abcabcabcabcabcabc')).toBe('plain');
  expect(of('abcdefghijklmnopqrs')).toBe('plain');
  expect(of('tram granite fog')).toBe('good');
  expect(of('walrus teapot drizzle moon')).toBe('strong');
});

test('characters count as the server counts them', () => {
  expect(strengthOf('😀'.repeat(8), 15)).toBe('short');
});
