import { api } from './api';
import type { Colleague, Site } from './contract';

/** The agency's sites and workers: names for ids, and what forms offer. Asked for when first needed. */
class Directory {
  sites = $state.raw<Site[]>([]);
  colleagues = $state.raw<Colleague[]>([]);

  #sites: Promise<void> | undefined;
  #colleagues: Promise<void> | undefined;

  /** Throws a `Problem`; the next one who needs them asks again. */
  needSites(): Promise<void> {
    this.#sites ??= this.#loadSites().catch((thrown: unknown) => {
      this.#sites = undefined;
      throw thrown;
    });
    return this.#sites;
  }

  /** As {@link needSites}. */
  needColleagues(): Promise<void> {
    this.#colleagues ??= this.#loadColleagues().catch((thrown: unknown) => {
      this.#colleagues = undefined;
      throw thrown;
    });
    return this.#colleagues;
  }

  /** What the agency calls a site; nothing until it is known. */
  siteName(id: string): string {
    return this.sites.find((site) => site.site_id === id)?.name ?? '';
  }

  /** A worker's name; nothing until it is known. */
  workerName(id: string): string {
    return this.colleagues.find((colleague) => colleague.worker_id === id)?.name ?? '';
  }

  async #loadSites(): Promise<void> {
    this.sites = (await api.send((to) => to.GET('/api/admin/v1/sites'))).sites;
  }

  async #loadColleagues(): Promise<void> {
    const all: Colleague[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor ? { cursor } : {};
      const page = await api.send((to) => to.GET('/api/admin/v1/colleagues', { params: { query } }));
      all.push(...page.colleagues);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    this.colleagues = all;
  }
}

export const directory = new Directory();
