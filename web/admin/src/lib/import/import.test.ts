import { describe, expect, test } from 'vitest';
import { guess, missing, repeated } from './columns';
import { CsvReader, line } from './csv';
import { sha256 } from '../sha256';
import { inspect, prepare, UnusableFile } from './file';
import { KINDS } from './kinds';

const { columns } = KINDS.individuals;

/** Read whole, and read one character at a time: the same. */
function rows(text: string, delimiter = ','): string[][] {
  const read = (pieces: string[]) => {
    const reader = new CsvReader(delimiter);
    return [...pieces.flatMap((piece) => [...reader.push(piece)]), ...reader.end()];
  };
  const whole = read([text]);
  expect(read([...text])).toEqual(whole);
  return whole;
}

describe('reading CSV', () => {
  test('rows end with any line end, or with the file', () => {
    expect(rows('a,b\r\nc,d\ne,f\rg,h')).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
      ['g', 'h'],
    ]);
  });

  test('empty lines are no rows, empty fields are fields', () => {
    expect(rows('a,b\n\n\n,\n""\n')).toEqual([['a', 'b'], ['', ''], ['']]);
  });

  test('quotes keep commas, line ends and quotes', () => {
    expect(rows('"1, Quay","two\nlines","say ""hi""",""\nnext,5" pipe,x,y')).toEqual([
      ['1, Quay', 'two\nlines', 'say "hi"', ''],
      ['next', '5" pipe', 'x', 'y'],
    ]);
  });

  test('other delimiters', () => {
    expect(rows('a;"b;c";d,e', ';')).toEqual([['a', 'b;c', 'd,e']]);
    expect(rows('a\tb c\t', '\t')).toEqual([['a', 'b c', '']]);
    expect(rows('a|b', '|')).toEqual([['a', 'b']]);
  });

  test('what is written is read as it was', () => {
    const row = ['1, Quay', 'two\nlines', 'say "hi"', '', ' Zoë '];
    expect(rows(line(row))).toEqual([row]);
    expect(rows(line(['']))).toEqual([['']]);
  });
});

describe('columns by their names', () => {
  test('our own, whatever their case; common ones; in three languages', () => {
    expect(guess(columns, ['External ID', 'FIRST_NAME', 'last-name', 'Email'])).toEqual([
      'external_id',
      'first_name',
      'last_name',
      'email',
    ]);
    expect(
      guess(columns, ['Client #', 'Client Number', 'Given Name', 'Surname', 'DOB', 'Cell Phone']),
    ).toEqual([undefined, 'external_id', 'first_name', 'last_name', 'birth_date', 'phone']);
    expect(guess(columns, ['Prénom', 'Nom', 'Courriel', 'Correo electrónico'])).toEqual([
      'first_name',
      'last_name',
      'email',
      undefined,
    ]);
  });

  test('the exact name goes before what merely means the same', () => {
    expect(guess(columns, ['id', 'external_id', 'cell', 'phone'])).toEqual([
      undefined,
      'external_id',
      undefined,
      'phone',
    ]);
  });

  test('what is missing or there twice', () => {
    const chosen: Array<string | undefined> = ['first_name', 'email', undefined, 'email'];
    expect(missing(columns, chosen).map(({ code }) => code)).toEqual(['external_id', 'last_name']);
    expect(repeated(columns, chosen).map(({ code }) => code)).toEqual(['email']);
  });
});

describe('files', () => {
  const why = async (...parts: BlobPart[]) => {
    const error = await inspect(new Blob(parts)).catch((thrown: unknown) => thrown);
    return error instanceof UnusableFile ? error.why : error;
  };

  test('what can be used shows its names and first rows', async () => {
    const found = await inspect(new Blob(['\uFEFFID;Nom ;Prénom\r\n1;"O’Neil; Byrne";Zoë\r\n2;Li;Wei']));
    expect(found).toEqual({
      delimiter: ';',
      names: ['ID', 'Nom', 'Prénom'],
      rows: [
        ['1', 'O’Neil; Byrne', 'Zoë'],
        ['2', 'Li', 'Wei'],
      ],
    });
  });

  test('what can not says why', async () => {
    expect(await why()).toBe('empty');
    expect(await why(new Uint8Array([0x50, 0x4b, 3, 4, 20]))).toBe('spreadsheet');
    expect(await why(new Uint8Array([0xff, 0xfe, 65, 0]))).toBe('encoding');
    expect(await why('id,name\n1,', new Uint8Array([0xe9]), 'lise')).toBe('encoding');
    expect(await why('id,name\n1,\0')).toBe('not_csv');
    expect(await why('%PDF-1.7')).toBe('not_csv');
    expect(await why('one column\nof text')).toBe('one_column');
    expect(await why('1,Zoë,zoe@example.org\n2,Li,li@example.org')).toBe('no_header');
    expect(await why('id,first,last\n')).toBe('no_rows');
    expect(await why(new Uint8Array(64 * 1024 * 1024 + 1))).toBe('too_large');
  });

  const prepared = async (text: string, delimiter: string, chosen: Array<string | undefined>) =>
    (await prepare(new Blob([text]), delimiter, chosen, () => {})).text();

  test('only the chosen columns go on, under our names and between commas', async () => {
    const text = '\uFEFFID;Secret;Nom;Prénom\r\n\r\n1;x;"Quay, A";Zoë\n2;y;Li;';
    expect(await prepared(text, ';', ['external_id', undefined, 'last_name', 'first_name'])).toBe(
      'external_id,last_name,first_name\r\n1,"Quay, A",Zoë\r\n2,Li,\r\n',
    );
  });

  test('a row of another width stays one that is refused', async () => {
    const chosen: Array<string | undefined> = ['external_id', undefined, 'last_name', 'first_name'];
    const text = await prepared('ID,Secret,Nom,Prénom\n1,x,Li\n2,x,Li,Wei,more\n3,x,Li,Wei', ',', chosen);
    expect(rows(text).map((row) => row.length)).toEqual([3, 1, 4, 3]);
  });

  test('other encodings are noticed wherever they begin', async () => {
    const late = new Blob(['id,first,last\n', '1,a,b\n'.repeat(100_000), new Uint8Array([0xe9, 0x2c])]);
    const chosen: string[] = ['external_id', 'first_name', 'last_name'];
    await expect(prepare(late, ',', chosen, () => {})).rejects.toMatchObject({ why: 'encoding' });
  });

  test('the hash is the one that the bucket compares', async () => {
    expect(await sha256(new Blob(['abc']))).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=');
  });
});
