/// <reference no-default-lib="true"/>
/// <reference lib="esnext" />
/// <reference lib="webworker" />
/// <reference types="@sveltejs/kit" />

// Keeps the app's own public files, so that it opens without a connection. Never an answer of the API, nor anything
// that says who was here.
import { build, files, version } from '$service-worker';

const worker = globalThis.self as unknown as ServiceWorkerGlobalScope;

const KEPT = `app-${version}`;
/** The one page, by whichever address it is opened. */
const SHELL = '/';
/** Their content's hash is in their names. */
const unchanging = new Set(build);
/** Not the pictures of the start page, which needs a connection itself: an agency shows one in six. */
const small = files.filter((path) => !path.startsWith('/tiles/'));
const known = new Set([...build, ...small]);

worker.addEventListener('install', (event) => {
  event.waitUntil(keep());
});

worker.addEventListener('activate', (event) => {
  // Only now, when no page of an older version is open any more.
  event.waitUntil(forgetOlder());
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (!pathname.startsWith('/api/')) event.respondWith(fresh(request, SHELL));
  } else if (unchanging.has(pathname)) {
    event.respondWith(kept(pathname, request));
  } else if (known.has(pathname)) {
    event.respondWith(fresh(request, pathname));
  }
});

/** What an older version kept under the same name needn't be fetched again. */
async function keep(): Promise<void> {
  const cache = await caches.open(KEPT);
  await Promise.all(
    build.map(async (path) => {
      const older = await caches.match(path);
      await (older ? cache.put(path, older) : cache.add(path));
    }),
  );
  await cache.addAll([...small, SHELL]);
}

async function forgetOlder(): Promise<void> {
  for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
}

async function kept(path: string, request: Request): Promise<Response> {
  return (await caches.match(path)) ?? fetch(request);
}

/** From the network; what is kept serves when there is none. */
async function fresh(request: Request, path: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (failure) {
    const answer = await (await caches.open(KEPT)).match(path);
    if (answer) return answer;
    throw failure;
  }
}
