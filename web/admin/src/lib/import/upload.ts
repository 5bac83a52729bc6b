import { Problem } from '@clientconnect/api-client';
import { api } from '$lib/api';
import { sha256 } from './file';

/** Headers that belong to the browser. */
const BROWSERS_OWN = ['host', 'content-length'];

/** Puts a file where an import finds it, and gives the upload's id. Throws a `Problem`. */
export async function upload(file: Blob, progress: (share: number) => void): Promise<string> {
  const body = { bytes: file.size, sha256: await sha256(file) };
  const place = await api.send((to) => to.POST('/api/admin/v1/uploads', { body }));
  await put(place.path, place.headers, file, progress);
  return place.upload_id;
}

/** Not `fetch`, which doesn't tell how far an upload is. */
function put(
  path: string,
  headers: Readonly<Record<string, string>>,
  file: Blob,
  progress: (share: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', path);
    for (const [name, value] of Object.entries(headers)) {
      if (!BROWSERS_OWN.includes(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded }) => progress(loaded / file.size);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Problem(request.status >= 500 ? 'unavailable' : 'upload_not_found', request.status));
    };
    request.onerror = () => reject(new Problem('offline', 0));
    request.send(file);
  });
}

/** Starts an import from an upload, and gives the job's id. Throws a `Problem`. */
export async function start(
  upload_id: string,
  source: string,
  mode: 'dry_run' | 'apply',
  key: string,
): Promise<string> {
  const { job_id } = await api.send((to) =>
    to.POST('/api/admin/v1/imports', {
      params: { header: { 'Idempotency-Key': key } },
      body: { upload_id, source, mode },
    }),
  );
  return job_id;
}

/** The page of an import. What it was started from goes along, so that the dry run can be applied from there. */
export function pageOf(job: string, uploadId: string, source: string): string {
  return `/import/${job}?${new URLSearchParams({ upload: uploadId, source })}`;
}
