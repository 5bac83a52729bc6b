/**
 * Reads CSV that comes piece by piece, as the server will read it: any line end, quotes doubled within quotes, empty
 * lines skipped.
 */
export class CsvReader {
  #field = '';
  #row: string[] = [];
  /** Within quotes; `ended` after a quote that is the last or the first of two. */
  #quotes: 'none' | 'open' | 'ended' = 'none';
  /** Something of the row was read, be it only an empty field in quotes. */
  #begun = false;
  readonly #special: RegExp;

  constructor(private readonly delimiter: string) {
    this.#special = new RegExp(`["\\r\\n${delimiter === '\t' ? '\\t' : `\\${delimiter}`}]`, 'g');
  }

  /** The rows that end within the next piece. */
  *push(text: string): Generator<string[]> {
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at] as string;
      if (this.#quotes === 'ended' && character === '"') {
        this.#field += '"';
        this.#quotes = 'open';
        continue;
      }
      if (this.#quotes === 'ended') this.#quotes = 'none';
      const end = this.#quotes === 'open' ? text.indexOf('"', at) : this.#next(text, at);
      const stop = end < 0 ? text.length : end;
      if (stop > at) {
        this.#field += text.slice(at, stop);
        this.#begun = true;
        at = stop;
      }
      if (at < text.length) yield* this.#mark(text[at] as string);
    }
  }

  /** The last row, if the file doesn't end with a line end. */
  *end(): Generator<string[]> {
    if (this.#begun) yield this.#take();
  }

  #next(text: string, from: number): number {
    this.#special.lastIndex = from;
    return this.#special.exec(text)?.index ?? -1;
  }

  *#mark(character: string): Generator<string[]> {
    if (character === '"') {
      if (this.#quotes === 'open') this.#quotes = 'ended';
      else if (this.#field === '') this.#quotes = 'open';
      else this.#field += '"';
      this.#begun = true;
    } else if (character === this.delimiter) {
      this.#row.push(this.#field);
      this.#field = '';
      this.#begun = true;
    } else if (this.#begun) {
      yield this.#take();
    }
  }

  #take(): string[] {
    const row = [...this.#row, this.#field];
    this.#row = [];
    this.#field = '';
    this.#begun = false;
    this.#quotes = 'none';
    return row;
  }
}

/** One row as a line, every field in quotes that needs them. */
export function line(fields: readonly string[]): string {
  const lone = fields.length === 1 && fields[0] === '';
  const quoted = fields.map((field) =>
    lone || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
  );
  return `${quoted.join(',')}\r\n`;
}
