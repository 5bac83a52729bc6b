import { Problem } from '@clientconnect/api-client';
import { api } from './api';
import { sha256 } from './sha256';

/** What an image may be. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const;

/** Headers that belong to the browser. */
const BROWSERS_OWN = ['host', 'content-length'];

/** Puts a CSV file where an import finds it, and gives the upload's id. Throws a `Problem`. */
export async function uploadCsv(file: Blob, progress: (share: number) => void): Promise<string> {
  return upload(file, { kind: 'csv' }, progress);
}

/** Puts an image where the server takes it from, and gives the upload's id. Throws a `Problem`. */
export async function uploadImage(file: File): Promise<string> {
  const content_type = IMAGE_TYPES.find((type) => type === file.type);
  if (!content_type) throw new Problem(file.type === 'image/svg+xml' ? 'image_svg' : 'image_unreadable', 422);
  return upload(file, { kind: 'image', content_type });
}

async function upload(
  file: Blob,
  what: { kind: 'csv' } | { kind: 'image'; content_type: (typeof IMAGE_TYPES)[number] },
  progress: (share: number) => void = () => {},
): Promise<string> {
  const body = { bytes: file.size, sha256: await sha256(file), ...what };
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
