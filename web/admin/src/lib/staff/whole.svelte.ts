import { Problem } from '@clientconnect/api-client';
import { api } from '$lib/api';
import type { SecurityClass, Site } from '$lib/contract';
import { directory } from '$lib/directory.svelte';

/** A short list that is read whole and has one version: whoever saves one of it has seen all. */
export class Whole<T> {
  items = $state.raw<T[]>([]);
  version = 0;
  loaded = $state(false);
  /** Why it isn't here. */
  problem = $state.raw<Problem>();

  constructor(private readonly read: () => Promise<{ version: number; items: T[] }>) {}

  /** Gets it, or says why not in `problem`. */
  async load(): Promise<void> {
    this.problem = undefined;
    try {
      await this.refresh();
    } catch (thrown) {
      this.problem = thrown instanceof Problem ? thrown : new Problem('internal', 0);
    }
  }

  /** Gets it anew, as after a change. Throws a `Problem`. */
  async refresh(): Promise<void> {
    const { version, items } = await this.read();
    [this.items, this.version, this.loaded] = [items, version, true];
    directory.forget();
  }
}

/** The agency's security classes. */
export const securityClasses = () =>
  new Whole<SecurityClass>(async () => {
    const { version, classes } = await api.send((to) => to.GET('/api/admin/v1/security-classes'));
    return { version, items: classes };
  });

/** The agency's sites. */
export const sites = () =>
  new Whole<Site>(async () => {
    const { version, sites } = await api.send((to) => to.GET('/api/admin/v1/sites'));
    return { version, items: sites };
  });
