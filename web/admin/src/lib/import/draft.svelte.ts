import { guess, type Column } from './columns';
import type { Inspected } from './file';

/** The import that a worker is preparing. It outlives the page, so that the columns can be mended after a dry run. */
class Draft {
  file = $state.raw<File>();
  inspected = $state.raw<Inspected>();
  /** What each column of the file is; those left out are none. */
  chosen = $state<Array<Column | undefined>>([]);
  /** The system that the file comes from. */
  source = $state('');

  take(file: File, inspected: Inspected): void {
    this.file = file;
    this.inspected = inspected;
    this.chosen = guess(inspected.names);
  }

  /** Forgets the file; the source is most likely the same next time. */
  clear(): void {
    this.file = undefined;
    this.inspected = undefined;
    this.chosen = [];
  }
}

export const draft = new Draft();
