import { api } from '$lib/api';
import type { Listed, WorkerFields, WorkerRecord } from '$lib/contract';
import type { Page } from '$lib/paged.svelte';

/** A page of the agency's workers. */
export async function workers(cursor?: string): Promise<Page<Listed>> {
  const query = cursor ? { cursor } : {};
  const page = await api.send((to) => to.GET('/api/admin/v1/workers', { params: { query } }));
  return { items: page.workers, next: page.next_cursor };
}

/** Whether a worker can sign in, and if not, why. */
export function stateOf({
  state,
  reason,
  must_reset,
}: Pick<Listed['worker'], 'state' | 'reason' | 'must_reset'>): string {
  if (state === 'disabled') return 'No longer works here';
  if (state === 'locked') return reason === 'suspended' ? 'Suspended' : 'Locked by wrong passwords';
  return must_reset ? 'Has to choose a new password' : 'Active';
}

export const nameOf = ({ first_name, last_name }: WorkerRecord): string => `${first_name} ${last_name}`;

/** A worker as the form holds them: what is empty is an empty text. */
export type WorkerDraft = Required<{ [Field in keyof WorkerFields]: NonNullable<WorkerFields[Field]> }>;

/** What the form calls them. */
export const LABELS = {
  first_name: 'First name',
  last_name: 'Last name',
  user_group: 'User Group',
  security_class_id: 'Security Class',
  site_id: 'Site',
  language: 'Language of mails',
  client_facing_name: 'Client Facing Name',
  description: 'Description',
} as const satisfies Record<keyof WorkerDraft, string>;

export const draftOf = (worker: WorkerRecord): WorkerDraft => ({
  first_name: worker.first_name,
  last_name: worker.last_name,
  user_group: worker.user_group,
  security_class_id: worker.security_class_id,
  site_id: worker.site_id,
  language: worker.language,
  client_facing_name: worker.client_facing_name ?? '',
  description: worker.description ?? '',
});

/** A worker as the API takes them. */
export const fieldsOf = (draft: WorkerDraft): WorkerFields => ({
  ...draft,
  client_facing_name: draft.client_facing_name.trim() || null,
  description: draft.description.trim() || null,
});
