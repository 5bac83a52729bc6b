import { api } from '$lib/api';
import type { Imports } from './kinds';

/** Starts an import from an upload, and gives the job's id. Throws a `Problem`. */
export async function start(
  kind: Imports,
  upload_id: string,
  source: string,
  mode: 'dry_run' | 'apply',
  key: string,
): Promise<string> {
  const { job_id } = await api.send((to) =>
    to.POST('/api/admin/v1/imports', {
      params: { header: { 'Idempotency-Key': key } },
      body: { kind, upload_id, source, mode },
    }),
  );
  return job_id;
}

/** The page of an import. What it was started from goes along, so that the dry run can be applied from there. */
export function pageOf(job: string, uploadId: string, source: string): string {
  return `/import/${job}?${new URLSearchParams({ upload: uploadId, source })}`;
}
