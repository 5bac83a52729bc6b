import { api } from './api';
import type { Found } from './contract';
import { criteriaOf } from './criteria';
import { Paged } from './paged.svelte';

/** A search for individuals: what was asked last, and found. */
export class Finder {
  readonly list = new Paged<Found>();
  #asked: string | undefined;

  /** Looks for what was typed, unless that is what is shown. */
  async find(typed: string): Promise<void> {
    if (typed === this.#asked) return;
    const criteria = criteriaOf(typed);
    if ('other' in criteria) {
      this.forget();
      return;
    }
    this.#asked = typed;
    await this.list.load(async (cursor) => {
      const body = { ...criteria, ...(cursor && { cursor }) };
      const page = await api.send((to) => to.POST('/api/admin/v1/individuals/search', { body }));
      return { items: page.individuals, next: page.next_cursor };
    });
  }

  /** What was found may have changed since. */
  forget(): void {
    this.#asked = undefined;
    this.list.clear();
  }
}

/** The one of *Individuals*: in memory only, so that going back finds it as it was. */
export const finder = new Finder();
