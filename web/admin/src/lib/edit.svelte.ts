import { isProblem } from '@clientconnect/api-client';
import { Submission } from '@clientconnect/ui';
import { Draft } from './draft.svelte';
import { Intent } from './intent';

/** The part of a record that a form edits, and the version it was read at. */
export interface Edited<T> {
  version: number;
  values: T;
}

/** How the record is saved and read. Both throw a `Problem`. */
export interface Way<T> {
  /** Saves the values over that version. */
  save(edited: Edited<T>, intent: Intent): Promise<void>;
  /** What is saved now. */
  read(): Promise<Edited<T>>;
}

/** The edit of a record that others may change meanwhile: nothing of theirs is overwritten, nothing typed is lost. */
export class Edit<T extends object> {
  readonly draft: Draft<T>;
  readonly submission = new Submission();
  /** Somebody else changed what is edited here: the worker looks at it before anything is saved. */
  met = $state(false);

  #version: number;
  readonly #intent = new Intent();

  constructor(
    now: Edited<T>,
    private readonly way: Way<T>,
  ) {
    this.#version = now.version;
    this.draft = new Draft(now.values);
  }

  /** `true` when it is saved. */
  async save(): Promise<boolean> {
    const went = await this.submission.run(() => this.#write());
    if (!went || this.met) return false;
    this.#intent.done();
    return true;
  }

  async #write(): Promise<void> {
    this.met = false;
    const values = $state.snapshot(this.draft.values) as T;
    try {
      await this.way.save({ version: this.#version, values }, this.#intent);
    } catch (thrown) {
      if (!isProblem(thrown, 'record_changed')) throw thrown;
      const now = await this.way.read();
      this.#version = now.version;
      this.met = this.draft.meet(now.values);
      if (!this.met) await this.#write();
    }
  }
}
