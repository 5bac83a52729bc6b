import { api } from './api';
import type { Listed } from './contract';
import type { Page } from './paged.svelte';

/** A page of the agency's workers. */
export async function workers(cursor?: string): Promise<Page<Listed>> {
  const query = cursor ? { cursor } : {};
  const page = await api.send((to) => to.GET('/api/admin/v1/workers', { params: { query } }));
  return { items: page.workers, next: page.next_cursor };
}

/** Whether a worker can sign in, and if not, why. */
export function stateOf({ state, reason, must_reset }: Listed['worker']): string {
  if (state === 'disabled') return 'No longer works here';
  if (state === 'locked') return reason === 'suspended' ? 'Suspended' : 'Locked by wrong passwords';
  return must_reset ? 'Has to choose a new password' : 'Active';
}
