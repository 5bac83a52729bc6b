import { expect, test } from 'vitest';
import { contrast, contrasts, isColour } from './look';

test('the contrast is WCAG’s', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  expect(contrast('#ffffff', '#777777')).toBeCloseTo(4.48, 2);
});

test('a brand colour is held against what it stands on in each scheme', () => {
  const worst = (colour: string, scheme: 'light' | 'dark') =>
    Math.min(...contrasts(colour, scheme).map(({ ratio }) => ratio));
  expect(worst('#0b5d66', 'light')).toBeGreaterThan(4.5);
  expect(worst('#7fd0d6', 'dark')).toBeGreaterThan(4.5);
  expect(worst('#7fd0d6', 'light')).toBeLessThan(2);
  expect(worst('#0b5d66', 'dark')).toBeLessThan(3);
});

test('a colour is # and six digits', () => {
  expect(['#0b5d66', '#0B5D66', '0b5d66', '#0b5', 'red', '#0b5d6g'].map(isColour)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
