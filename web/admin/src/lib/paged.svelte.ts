import { Problem } from '@clientconnect/api-client';

/** What one call answers: some of the list, and where to go on. */
export interface Page<T> {
  items: T[];
  next?: string | null | undefined;
}

/** A list that the server gives a page at a time. The newest question's answer wins. */
export class Paged<T> {
  items = $state.raw<T[]>([]);
  /** Where to go on; none at the end. */
  next = $state.raw<string>();
  busy = $state(false);
  /** Whether an answer to the newest question has come. */
  loaded = $state(false);
  problem = $state.raw<Problem>();

  #turn = 0;
  /** What happened to rows since the newest question, whose answer may not know of it. */
  #revisions: Array<(items: T[]) => T[]> = [];
  #fetch: ((cursor?: string) => Promise<Page<T>>) | undefined;

  /** Begins anew with another question, keeping what is shown until its answer comes. */
  async load(fetch: (cursor?: string) => Promise<Page<T>>): Promise<void> {
    this.#fetch = fetch;
    this.loaded = false;
    await this.#ask(undefined);
  }

  /** The next page, below what is there. */
  async more(): Promise<void> {
    if (!this.busy && this.next) await this.#ask(this.next);
  }

  /** The last question again, after it was not answered. */
  async again(): Promise<void> {
    await (this.loaded ? this.more() : this.#ask(undefined));
  }

  /** Changes the rows after something happened to them; an answer that is under way is changed alike. */
  revise(change: (items: T[]) => T[]): void {
    this.#revisions.push(change);
    this.items = change(this.items);
  }

  /** Empties the list; an answer that is under way is dropped. */
  clear(): void {
    this.#turn += 1;
    this.#fetch = undefined;
    [this.items, this.next, this.busy, this.loaded, this.problem] = [[], undefined, false, false, undefined];
  }

  async #ask(cursor: string | undefined): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    this.problem = undefined;
    this.#revisions = [];
    try {
      const page = await this.#fetch?.(cursor);
      if (!page || turn !== this.#turn) return;
      const items = this.#revisions.reduce((items, change) => change(items), page.items);
      this.items = cursor ? [...this.items, ...items] : items;
      this.next = page.next ?? undefined;
      this.loaded = true;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      if (!cursor) this.items = [];
      this.problem = thrown instanceof Problem ? thrown : new Problem('internal', 0);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
