import { line } from './import/csv';

/** What a spreadsheet takes for the beginning of a formula, also in the wide letters of East Asian keyboards. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** A field that a spreadsheet shows as it is, whatever somebody was called: an apostrophe keeps it from being run. */
function harmless(field: string): string {
  return FORMULA.test(field) ? `'${field}` : field;
}

/** Rows as CSV for a spreadsheet: in UTF-8 that it notices, and with nothing in it that it would run. */
export function sheet(rows: Iterable<readonly string[]>): string {
  let lines = '\uFEFF';
  for (const row of rows) lines += line(row.map(harmless));
  return lines;
}

/** Hands a CSV file to whoever is at the browser. */
export function saveSheet(rows: Iterable<readonly string[]>, name: string): void {
  saveFile([sheet(rows)], name, 'text/csv');
}

/** Hands a file to whoever is at the browser. */
export function saveFile(parts: BlobPart[], name: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
