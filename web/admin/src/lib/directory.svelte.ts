import { api } from './api';
import type { Colleague, SecurityClass, Site } from './contract';

/** Something that the agency has a list of, asked for when first needed. */
class List<T> {
  all = $state.raw<T[]>([]);
  #asked: Promise<void> | undefined;
  #turn = 0;

  constructor(private readonly ask: () => Promise<T[]>) {}

  need(): Promise<void> {
    this.#asked ??= this.#load().catch((thrown: unknown) => {
      this.#asked = undefined;
      throw thrown;
    });
    return this.#asked;
  }

  forget(): void {
    this.#asked = undefined;
  }

  async #load(): Promise<void> {
    const turn = ++this.#turn;
    const all = await this.ask();
    if (turn === this.#turn) this.all = all;
  }
}

/** The agency's sites, workers and security classes: names for ids, and what forms offer. */
class Directory {
  readonly #sites = new List<Site>(async () => (await api.send((to) => to.GET('/api/admin/v1/sites'))).sites);
  readonly #colleagues = new List<Colleague>(allColleagues);
  readonly #classes = new List<SecurityClass>(
    async () => (await api.send((to) => to.GET('/api/admin/v1/security-classes'))).classes,
  );

  get sites(): Site[] {
    return this.#sites.all;
  }

  get colleagues(): Colleague[] {
    return this.#colleagues.all;
  }

  get classes(): SecurityClass[] {
    return this.#classes.all;
  }

  /** Throws a `Problem`; the next one who needs them asks again. */
  needSites(): Promise<void> {
    return this.#sites.need();
  }

  /** As {@link needSites}. */
  needColleagues(): Promise<void> {
    return this.#colleagues.need();
  }

  /** As {@link needSites}; only for those who manage staff. */
  needClasses(): Promise<void> {
    return this.#classes.need();
  }

  /** Something of it was changed: whoever needs it next asks again. */
  forget(): void {
    for (const list of [this.#sites, this.#colleagues, this.#classes]) list.forget();
  }

  /** What the agency calls a site; nothing until it is known. */
  siteName(id: string): string {
    return this.sites.find((site) => site.site_id === id)?.name ?? '';
  }

  /** The sites to choose from: the active ones, and the one that was chosen. */
  sitesFor(chosen: string): Site[] {
    return this.sites.filter(({ site_id, active }) => active || site_id === chosen);
  }

  /** Those who can work with individuals, as options of a form, by name. */
  get servingWorkers(): Array<{ value: string; name: string }> {
    return this.colleagues
      .filter(({ state, user_group }) => state !== 'disabled' && user_group !== 'system_administrator')
      .map(({ worker_id, name }) => ({ value: worker_id, name }))
      .sort((one, other) => one.name.localeCompare(other.name));
  }

  /** A worker's name; nothing until it is known. */
  workerName(id: string): string {
    return this.colleagues.find((colleague) => colleague.worker_id === id)?.name ?? '';
  }

  /** What the agency calls a security class; nothing until it is known. */
  className(id: string): string {
    return this.classes.find((one) => one.security_class_id === id)?.name ?? '';
  }
}

async function allColleagues(): Promise<Colleague[]> {
  const all: Colleague[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor ? { cursor } : {};
    const page = await api.send((to) => to.GET('/api/admin/v1/colleagues', { params: { query } }));
    all.push(...page.colleagues);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return all;
}

export const directory = new Directory();
