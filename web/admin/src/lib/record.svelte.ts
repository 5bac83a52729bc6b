import { Problem } from '@clientconnect/api-client';
import { createContext } from 'svelte';
import { api } from './api';
import type { Individual, Record } from './contract';
import { finder } from './finder.svelte';

/** The individual whose pages are open: loaded once for all tabs, and anew after each change. */
export class IndividualRecord {
  /** Why it isn't here. */
  problem = $state.raw<Problem>();
  #current = $state.raw<Record>();

  constructor(readonly id: string) {}

  get loaded(): boolean {
    return this.#current !== undefined;
  }

  /** The record. Only for what is shown once it is loaded. */
  get current(): Record {
    if (!this.#current) throw new Error('the record is not loaded');
    return this.#current;
  }

  get individual(): Individual {
    return this.current.individual;
  }

  /** Gets it, or says why not in `problem`. */
  async load(): Promise<void> {
    this.problem = undefined;
    try {
      await this.refresh();
    } catch (thrown) {
      this.problem = thrown instanceof Problem ? thrown : new Problem('internal', 0);
    }
  }

  /** Gets it anew, as after a change. Throws a {@link Problem}. */
  async refresh(): Promise<Record> {
    const path = { individual_id: this.id };
    const record = await api.send((to) =>
      to.GET('/api/admin/v1/individuals/{individual_id}', { params: { path } }),
    );
    // What the search shows may be out of date.
    if (this.#current) finder.forget();
    this.#current = record;
    return record;
  }
}

/** The open individual, for the pages below its layout. */
export const [useRecord, provideRecord] = createContext<IndividualRecord>();

/** First, middle and last name. */
export function fullName(individual: Individual): string {
  const { first_name, middle_name, last_name } = individual;
  return [first_name, middle_name, last_name].filter(Boolean).join(' ');
}
