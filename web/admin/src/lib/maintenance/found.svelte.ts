import { SvelteMap } from 'svelte/reactivity';
import { api } from '$lib/api';
import type { AccountCriteria, ListedAccount, SearchOfAccounts } from '$lib/contract';
import { Paged } from '$lib/paged.svelte';

/** As many as may be chosen one by one. */
export const MOST_CHOSEN = 500;

type SearchedTo = NonNullable<SearchOfAccounts['searched_to']>;

/** The search for accounts: what was found and chosen, in memory only, so that going back finds it as it was. */
class Found {
  readonly list = new Paged<ListedAccount>();
  /** Those chosen one by one, by account. */
  readonly chosen = new SvelteMap<string, ListedAccount>();
  /** All that match are chosen, also those that are not shown. */
  all = $state(false);
  /** How far the last page has looked, where accounts come status by status. */
  searchedTo = $state.raw<SearchedTo>();
  /** What is shown was looked for by. */
  criteria = $state.raw<AccountCriteria>();

  #asked: string | undefined;
  #newest = false;

  /** Looks for them, unless that is what is shown. */
  async find(criteria: AccountCriteria, newest: boolean): Promise<void> {
    const asked = JSON.stringify([criteria, newest]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.criteria = criteria;
    this.#newest = newest;
    this.choose([], false);
    await this.list.load(async (cursor) => {
      const page = await ask(criteria, newest, cursor);
      this.searchedTo = page.searched_to ?? undefined;
      return { items: page.accounts, next: page.next_cursor };
    });
  }

  /** All that match what is shown, also those not shown, as they are now. */
  async *everything(): AsyncGenerator<ListedAccount> {
    const { criteria } = this;
    let cursor: string | null | undefined;
    while (criteria && cursor !== null) {
      const page: SearchOfAccounts = await ask(criteria, this.#newest, cursor);
      yield* page.accounts;
      cursor = page.next_cursor ?? null;
    }
  }

  /** What was found may have changed since. */
  forget(): void {
    this.#asked = undefined;
    this.criteria = undefined;
    this.choose([], false);
    this.list.clear();
  }

  /** These, and nothing else; or all that match. */
  choose(accounts: readonly ListedAccount[], all: boolean): void {
    this.chosen.clear();
    for (const account of accounts.slice(0, MOST_CHOSEN)) this.chosen.set(account.account_id, account);
    this.all = all;
  }

  /** One more, or one less. */
  toggle(account: ListedAccount): void {
    this.all = false;
    if (!this.chosen.delete(account.account_id)) this.chosen.set(account.account_id, account);
  }
}

function ask(
  criteria: AccountCriteria,
  newest: boolean,
  cursor: string | undefined,
): Promise<SearchOfAccounts> {
  const body = { criteria, newest_first: newest, ...(cursor && { cursor }) };
  return api.send((to) => to.POST('/api/admin/v1/accounts/search', { body }));
}

export const found = new Found();
