type Values = Readonly<Record<string, string | boolean>>;

/** A form on a record that others change, too: it keeps what was typed, and learns what they saved first. */
export class Meanwhile<V extends Values> {
  /** What is typed. */
  values: V;
  /** The version that is saved over. */
  version: number;
  /** What others saved where both changed the same; set as soon as they saved anything that shows here. */
  theirs = $state.raw<Partial<V>>();
  #before: V;

  constructor(before: V, version: number) {
    this.values = $state({ ...before });
    this.version = version;
    this.#before = before;
  }

  /** Others saved first: takes over what was not touched here. `false` when nothing of it shows in this form. */
  meet(now: V, version: number): boolean {
    const before = this.#before;
    const fields = Object.keys(now) as Array<keyof V>;
    const news = fields.filter((field) => now[field] !== before[field]);
    const theirs: Partial<V> = {};
    for (const field of news) {
      if (this.values[field] === before[field]) this.values[field] = now[field];
      else if (this.values[field] !== now[field]) theirs[field] = now[field];
    }
    this.version = version;
    this.#before = now;
    if (news.length > 0) this.theirs = theirs;
    return news.length > 0;
  }
}
