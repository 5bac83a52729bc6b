import { expect, test } from 'vitest';
import { ExitKeys } from './exit-keys';

const press = (key: string, timeStamp: number, repeat = false) => ({ key, timeStamp, repeat });

function presses(keys: Array<ReturnType<typeof press>>, dialog = false): boolean[] {
  const exit = new ExitKeys();
  return keys.map((key) => exit.press(key, dialog));
}

test.each(['Escape', 'Shift'])('%s three times leaves', (key) => {
  expect(presses([press(key, 0), press(key, 300), press(key, 600)])).toEqual([false, false, true]);
});

test('three slow presses do not', () => {
  expect(presses([press('Shift', 0), press('Shift', 1500), press('Shift', 3000)])).not.toContain(true);
});

test('a key that is held down does not', () => {
  const held = [press('Escape', 0), press('Escape', 50, true), press('Escape', 100, true)];
  expect(presses(held)).not.toContain(true);
});

test('capitals in a row do not', () => {
  const typed = ['Shift', 'A', 'Shift', 'B', 'Shift', 'C'].map((key, index) => press(key, index * 100));
  expect(presses(typed)).not.toContain(true);
});

test('Escape is left to an open dialog, Shift is not', () => {
  expect(
    presses(
      [0, 1, 2].map((at) => press('Escape', at)),
      true,
    ),
  ).not.toContain(true);
  expect(
    presses(
      [0, 1, 2].map((at) => press('Shift', at)),
      true,
    ),
  ).toContain(true);
});
