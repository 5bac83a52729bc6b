import { CsvReader, line } from './csv';

/** The longest file that an import takes, in bytes. */
export const MAXIMUM_BYTES = 64 * 1024 * 1024;

/** How much of a file is looked at before anything is uploaded, in bytes. */
const START = 256 * 1024;

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** Why a file can't be imported. */
export type Unusable =
  | 'empty'
  | 'too_large'
  | 'spreadsheet'
  | 'not_csv'
  | 'encoding'
  | 'one_column'
  | 'no_header'
  | 'no_rows'
  | 'unreadable';

/** A file that can't be imported; the code says why. */
export class UnusableFile extends Error {
  constructor(readonly why: Unusable) {
    super(why);
  }
}

/** What the start of a file shows. */
export interface Inspected {
  delimiter: string;
  names: string[];
  /** The first rows. */
  rows: string[][];
}

/** Looks at the start of a file. Throws {@link UnusableFile}. */
export async function inspect(file: Blob): Promise<Inspected> {
  if (file.size === 0) throw new UnusableFile('empty');
  if (file.size > MAXIMUM_BYTES) throw new UnusableFile('too_large');
  const start = new Uint8Array(await readable(file.slice(0, START).arrayBuffer()));
  const begins = (...bytes: number[]) => bytes.every((byte, place) => start[place] === byte);
  // A zip as .xlsx and .ods are, and the older .xls.
  if (begins(0x50, 0x4b, 0x03, 0x04) || begins(0xd0, 0xcf, 0x11, 0xe0)) throw new UnusableFile('spreadsheet');
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) throw new UnusableFile('encoding');
  if (start.includes(0) || begins(0x25, 0x50, 0x44, 0x46)) throw new UnusableFile('not_csv');
  const text = decoder().decode(start, { stream: true });

  const delimiter = delimiterOf(text);
  const [names = [], ...rows] = firstRows(text, delimiter, 6, file.size <= START);
  if (names.length < 2) throw new UnusableFile('one_column');
  if (names.filter(looksLikeData).length > 0) throw new UnusableFile('no_header');
  if (rows.length === 0) throw new UnusableFile('no_rows');
  return { delimiter, names: names.map((name) => name.trim()), rows };
}

/**
 * The file as the server takes it: our names for the columns, commas between them, and of each row only the chosen
 * columns, so that nothing else leaves this computer. Read piece by piece: the page stays alive.
 */
export async function prepare(
  file: Blob,
  delimiter: string,
  chosen: ReadonlyArray<string | undefined>,
  progress: (share: number) => void,
): Promise<Blob> {
  const reader = new CsvReader(delimiter);
  const decode = decoder();
  const places = chosen.flatMap((column, place) => (column ? [place] : []));
  const parts = [line(places.map((place) => chosen[place] ?? ''))];
  let header = true;
  const keep = (rows: Iterable<string[]>) => {
    let lines = '';
    for (const row of rows) {
      if (!header) lines += line(kept(row, places, chosen.length));
      header = false;
    }
    parts.push(lines);
  };
  let read = 0;
  const pieces = file.stream().getReader();
  for (let piece = await readable(pieces.read()); !piece.done; piece = await readable(pieces.read())) {
    keep(reader.push(decode.decode(piece.value, { stream: true })));
    read += piece.value.length;
    progress(read / file.size);
  }
  keep(reader.push(decode.decode()));
  keep(reader.end());
  return new Blob(parts, { type: 'text/csv' });
}

/** The chosen fields of a row. One with too many or too few fields keeps that fault: the server is to refuse it. */
function kept(row: string[], places: number[], width: number): string[] {
  if (row.length === width) return places.map((place) => row[place] ?? '');
  return row.length < width ? [''] : [...places.map((place) => row[place] ?? ''), ''];
}

/** UTF-8, and {@link UnusableFile} for what isn't. */
function decoder(): { decode(piece?: Uint8Array<ArrayBuffer>, options?: TextDecodeOptions): string } {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  return {
    decode(piece, options) {
      try {
        return utf8.decode(piece, options);
      } catch {
        throw new UnusableFile('encoding');
      }
    },
  };
}

/** A file that was moved or changed after it was chosen can't be read any more. */
async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch {
    throw new UnusableFile('unreadable');
  }
}

function firstRows(text: string, delimiter: string, most: number, whole: boolean): string[][] {
  const reader = new CsvReader(delimiter);
  const rows = [];
  for (const row of reader.push(text)) {
    rows.push(row);
    if (rows.length === most) return rows;
  }
  return whole ? [...rows, ...reader.end()] : rows;
}

/** What parts the most columns alike in the first rows. */
function delimiterOf(text: string): string {
  const columns = (delimiter: string) => {
    const widths = firstRows(text, delimiter, 6, true).map((row) => row.length);
    return Math.min(...widths) === Math.max(...widths) ? (widths[0] ?? 0) : (widths[0] ?? 0) / 2;
  };
  return DELIMITERS.reduce((best, next) => (columns(next) > columns(best) ? next : best));
}

/** An address, a date or a number isn't the name of a column. */
function looksLikeData(name: string): boolean {
  return /@|^\s*[\d./-]+\s*$|\d{4}-\d\d-\d\d/.test(name);
}
