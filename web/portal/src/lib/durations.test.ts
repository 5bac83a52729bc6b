import { expect, test, vi } from 'vitest';
import { duration } from './durations';

vi.mock('./language.svelte', () => ({ language: { current: 'en' } }));

test.each([
  [0, '0 seconds'],
  [90, '1 minute 30 seconds'],
  [119.2, '2 minutes'],
  [3599.5, '1 hour'],
  [3661, '1 hour 2 minutes'],
  [7199, '2 hours'],
])('%d seconds are %s', (seconds, said) => {
  expect(duration(seconds)).toBe(said);
});
