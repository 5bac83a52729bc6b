import { Submission } from '@clientconnect/ui';

/** A report that the server keeps in numbered pages, from 1 on: shown one at a time, those without a wanted row left out. */
export class Numbered<Row> {
  readonly reading = new Submission();
  /** The page that is shown; 0 while none is. */
  shown = $state(0);
  rows = $state.raw<Row[]>([]);
  /** The page that is being read. */
  at = $state(0);

  constructor(
    private readonly read: (page: number) => Promise<Row[]>,
    private readonly pages: () => number,
  ) {}

  /** Shows the first page from there on, in that direction, that has a wanted row; `false` when there is none. */
  async seek(from: number, step: 1 | -1, wanted: (row: Row) => boolean): Promise<boolean> {
    let found = false;
    await this.reading.run(async () => {
      for (let page = from; page >= 1 && page <= this.pages() && !found; page += step) {
        this.at = page;
        const rows = await this.read(page);
        found = rows.some(wanted);
        if (found) [this.shown, this.rows] = [page, rows];
      }
    });
    return found;
  }

  /** From the first page on; shows nothing when no row is wanted. */
  async begin(wanted: (row: Row) => boolean): Promise<void> {
    if (!(await this.seek(1, 1, wanted)) && !this.reading.problem) [this.shown, this.rows] = [0, []];
  }

  /** Every row of every page, asked for as it is needed. Throws a `Problem`. */
  async *all(): AsyncGenerator<Row> {
    for (let page = 1; page <= this.pages(); page += 1) yield* await this.read(page);
  }
}
