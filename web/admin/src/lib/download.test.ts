import { describe, expect, test } from 'vitest';
import { sheet } from './download';
import { CsvReader } from './import/csv';

const read = (text: string) => {
  const reader = new CsvReader(',');
  return [...reader.push(text.replace(/^\uFEFF/, '')), ...reader.end()];
};

describe('a file for a spreadsheet', () => {
  test('says that it is UTF-8, and ends each row', () => {
    expect(sheet([['Zoë'], ['李明']])).toBe('\uFEFFZoë\r\n李明\r\n');
  });

  test('keeps commas, quotes and line ends within their field', () => {
    const row = ['O’Neil, Ann', 'says "hi"', 'two\r\nlines', '', ' kept '];
    expect(read(sheet([row]))).toEqual([row]);
  });

  test.each(['=HYPERLINK("http://x")', '+1+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1'])(
    'runs nothing that somebody is called: %j',
    (name) => {
      expect(read(sheet([['x', name]]))).toEqual([['x', `'${name}`]]);
    },
  );

  test('leaves names alone that only hold such a sign', () => {
    expect(sheet([['Jean-Luc', 'ann@example.org']])).toBe('\uFEFFJean-Luc,ann@example.org\r\n');
  });
});
