import { api } from '$lib/api';
import type { AccountCriteria, BulkAction, BulkJob } from '$lib/contract';
import type { Worker } from '$lib/me';
import { WORDS, type What } from './words';

/** Whom bulk work concerns. */
export type Target =
  | { accounts: Array<{ individual_id: string; account_id: string }> }
  | { criteria: AccountCriteria }
  | { opened_by: string };

/** Whether a worker may do it in bulk. */
export function mayDo(worker: Worker, what: What): boolean {
  return WORDS[what].needs.every((permission) => worker.may(permission));
}

/** The page of a bulk job. */
export const pageOf = (job: string) => `/accounts/jobs/${job}`;

/** Starts the dry run of a change, and gives the job's id. Throws a `Problem`. */
export async function tryChange(action: BulkAction, target: Target, key: string): Promise<string> {
  const params = { header: { 'Idempotency-Key': key } };
  if (action === 'force_reset' && !('opened_by' in target)) return tryReset(target, key);
  const { job_id } = await api.send((to) =>
    to.POST('/api/admin/v1/bulk-jobs/change', { params, body: { action, target } }),
  );
  return job_id;
}

/** As {@link tryChange}, for forced password resets. */
export async function tryReset(
  target: { all: true } | Exclude<Target, { opened_by: string }>,
  key: string,
): Promise<string> {
  const params = { header: { 'Idempotency-Key': key } };
  const { job_id } = await api.send((to) =>
    to.POST('/api/admin/v1/bulk-jobs/password-reset', { params, body: { target } }),
  );
  return job_id;
}

/** As {@link tryChange}, for bulk activation. */
export async function tryActivation(
  filter: { site_id?: string; groups?: Array<'first' | 'expired' | 'cancelled'> },
  key: string,
): Promise<string> {
  const params = { header: { 'Idempotency-Key': key } };
  const { job_id } = await api.send((to) =>
    to.POST('/api/admin/v1/bulk-jobs/activation', { params, body: filter }),
  );
  return job_id;
}

/** Does what a dry run has shown, once, from however many windows. Throws a `Problem`. */
export async function apply(dryRun: string): Promise<string> {
  const { job_id } = await api.send((to) =>
    to.POST('/api/admin/v1/bulk-jobs/{job_id}/apply', {
      params: { path: { job_id: dryRun }, header: { 'Idempotency-Key': `apply-${dryRun}` } },
    }),
  );
  return job_id;
}

/** Stops a job, or lets it go on. Throws a `Problem`. */
export function turn(what: 'stop' | 'resume', job_id: string): Promise<BulkJob> {
  const params = { path: { job_id } };
  return what === 'stop'
    ? api.send((to) => to.POST('/api/admin/v1/bulk-jobs/{job_id}/stop', { params }))
    : api.send((to) => to.POST('/api/admin/v1/bulk-jobs/{job_id}/resume', { params }));
}

/** Whether nothing more happens by itself. */
export const isOver = ({ state }: BulkJob): boolean =>
  state === 'done' || state === 'failed' || state === 'stopped';
