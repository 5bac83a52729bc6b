import { guess } from './columns';
import type { Inspected } from './file';
import { KINDS, type Imports } from './kinds';

/** The import that a worker is preparing. It outlives the page, so that the columns can be mended after a dry run. */
class Draft {
  kind = $state<Imports>('individuals');
  file = $state.raw<File>();
  inspected = $state.raw<Inspected>();
  /** What each column of the file is; those left out are none. */
  chosen = $state<Array<string | undefined>>([]);
  /** The system that the file comes from. */
  source = $state('');

  take(file: File, inspected: Inspected): void {
    this.file = file;
    this.inspected = inspected;
    this.choose(this.kind);
  }

  /** Says what the file lists, and guesses its columns anew. */
  choose(kind: Imports): void {
    this.kind = kind;
    this.chosen = this.inspected ? guess(KINDS[kind].columns, this.inspected.names) : [];
  }

  /** Forgets the file; the source is most likely the same next time. */
  clear(): void {
    this.file = undefined;
    this.inspected = undefined;
    this.chosen = [];
  }
}

export const draft = new Draft();
