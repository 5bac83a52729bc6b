import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../support/server.ts';
import { expect, test } from '../support/world.ts';

/** Bytes as they travel. */
const KIB = 1024;
const weight = (path: string) => gzipSync(readFileSync(path), { level: 9 }).byteLength;

test('the portal weighs little: 60 KB of JavaScript on its first route, 150 KB in all', async ({
  page,
  world,
}) => {
  const build = `${ROOT}web/portal/build`;
  const scripts = readdirSync(build, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  );
  const all = scripts.reduce((sum, file) => sum + weight(`${build}/${file}`), 0);
  expect(all).toBeLessThanOrEqual(150 * KIB);

  const loaded: string[] = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith('.js')) loaded.push(pathname);
  });
  await page.goto(`${world.portal}/sign-in`, { waitUntil: 'networkidle' });
  // The service worker is fetched afterwards, and what it keeps is no part of the first route.
  const first = loaded.filter((path) => !path.endsWith('service-worker.js'));
  expect(new Set(first).size).toBeGreaterThan(0);
  expect([...new Set(first)].reduce((sum, path) => sum + weight(build + path), 0)).toBeLessThanOrEqual(
    60 * KIB,
  );
});

test('the first route comes in few requests, and nothing jumps', async ({ page, world }) => {
  let requests = 0;
  page.on('request', () => requests++);
  await page.addInitScript(() => {
    const shifts = { sum: 0 };
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.sum += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${world.portal}/sign-in`, { waitUntil: 'networkidle' });
  expect(requests).toBeLessThanOrEqual(32);
  const shifted = await page.evaluate(() => (window as unknown as { shifts: { sum: number } }).shifts.sum);
  expect(shifted).toBeLessThan(0.1);
});
