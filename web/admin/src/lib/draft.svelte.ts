/** What a form holds while it is edited: what it began with, what was typed, and what others saved meanwhile. */
export class Draft<T extends object> {
  values = $state() as T;
  /** Fields that both changed: what is saved now. */
  theirs = $state.raw<Partial<T>>({});
  /** Fields that only others changed: what they saved has been taken over. */
  taken = $state.raw<ReadonlyArray<keyof T>>([]);

  #base: T;

  constructor(now: T) {
    this.#base = now;
    this.values = structuredClone(now);
  }

  /** Whether something was typed that isn't saved. */
  get dirty(): boolean {
    return !same($state.snapshot(this.values), this.#base);
  }

  /** Takes in what is saved now, field by field; nothing typed is lost. `false` when nobody changed these fields. */
  meet(now: T): boolean {
    const typed = $state.snapshot(this.values) as T;
    const changed = (Object.keys(now) as Array<keyof T>).filter(
      (field) => !same(now[field], this.#base[field]),
    );
    const untouched = changed.filter((field) => same(typed[field], this.#base[field]));
    const contested = changed.filter(
      (field) => !untouched.includes(field) && !same(typed[field], now[field]),
    );
    for (const field of untouched) this.values[field] = structuredClone(now[field]);
    this.taken = untouched;
    this.theirs = Object.fromEntries(contested.map((field) => [field, now[field]])) as Partial<T>;
    this.#base = now;
    return changed.length > 0;
  }

  /** Gives up what was typed for what others saved. */
  take(field: keyof T): void {
    this.values[field] = structuredClone(this.theirs[field]) as T[keyof T];
    this.keep(field);
  }

  /** Stays with what was typed. */
  keep(field: keyof T): void {
    const { [field]: _, ...others } = this.theirs;
    this.theirs = others as Partial<T>;
  }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
