import { Problem } from '@clientconnect/api-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Session, type SessionServer, type SessionTimes } from './session.svelte.ts';

const FRESH: SessionTimes = { idle_seconds: 900, total_seconds: 43_200, warn_seconds: 120 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A site whose server has one session, and pages that were left. */
function site(owner = 'ana') {
  let end = Date.now() + FRESH.idle_seconds * 1000;
  let online = true;
  const times = () => ({ ...FRESH, idle_seconds: Math.floor((end - Date.now()) / 1000) });
  const ask = () => {
    if (!online) throw new Problem('offline', 0);
    if (end <= Date.now()) throw new Problem('session_ended', 401);
  };
  const at = {
    owner,
    extended: 0,
    loaded: [] as string[],
    /** Somebody signs in. */
    open: () => (end = Date.now() + FRESH.idle_seconds * 1000),
    close: () => (end = 0),
    connect: (connected: boolean) => (online = connected),
    tab(name = `${owner}-${Math.random()}`) {
      const server: SessionServer = {
        extend: async () => {
          ask();
          at.extended += 1;
          at.open();
          return times();
        },
        look: async () => {
          ask();
          return { owner: at.owner, times: times() };
        },
        signOut: async () => {
          ask();
          end = 0;
        },
      };
      return new Session(name, server, (where) => at.loaded.push(where));
    },
  };
  return at;
}

test('it warns before the end, counts down, and hides the page at the end', async () => {
  const session = site().tab();
  session.found('ana', FRESH);
  await vi.advanceTimersByTimeAsync(779_000);
  expect(session.left).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2_000);
  expect([session.left, session.canExtend]).toEqual([119, true]);
  await vi.advanceTimersByTimeAsync(119_000);
  expect([session.state, session.left]).toEqual(['ended', undefined]);
});

test('activity extends it, once a minute at most, and not past the warning', async () => {
  const at = site();
  const session = at.tab();
  session.found('ana', FRESH);
  await vi.advanceTimersByTimeAsync(59_000);
  session.touch();
  expect(at.extended).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  session.touch();
  session.touch();
  expect(at.extended).toBe(1);
  await vi.advanceTimersByTimeAsync(800_000);
  session.touch();
  expect(at.extended).toBe(1);
  await session.extend();
  expect([at.extended, session.left]).toEqual([2, undefined]);
});

test('near the longest time that is allowed, no more can be had', async () => {
  const session = site().tab();
  session.found('ana', { ...FRESH, total_seconds: 100 });
  expect([session.left, session.canExtend]).toEqual([100, false]);
});

test('after sleep the true time counts, at the first sign of life', async () => {
  const at = site();
  const session = at.tab();
  session.found('ana', FRESH);
  vi.setSystemTime(Date.now() + 3_600_000);
  session.touch();
  expect(session.state).toBe('ended');
  expect(at.extended).toBe(0);
});

test('a call that waits goes on when the same person is back', async () => {
  const at = site();
  const session = at.tab();
  session.found('ana', FRESH);
  at.close();
  const again = session.signInAgain();
  expect(session.state).toBe('ended');
  at.open();
  await session.look();
  expect(await again).toBe(true);
  expect([session.state, at.loaded]).toEqual(['open', []]);
});

test('nothing is left for somebody else', async () => {
  const at = site();
  const session = at.tab();
  session.found('ana', FRESH);
  at.close();
  const again = session.signInAgain();
  at.owner = 'ben';
  at.open();
  await session.look();
  expect(await again).toBe(false);
  expect([session.state, at.loaded]).toEqual(['left', ['start']]);
});

test('where nobody was signed in, no call waits', async () => {
  expect(await site().tab().signInAgain()).toBe(false);
});

test('signing out tries until the server knows, and keeps the page out of sight meanwhile', async () => {
  const at = site();
  const session = at.tab();
  session.found('ana', FRESH);
  at.connect(false);
  await session.signOut();
  expect([session.state, session.unreached, at.loaded]).toEqual(['leaving', true, []]);
  at.connect(true);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([session.state, at.loaded]).toEqual(['left', ['signed-out']]);
});

test('a sign-in that is over anyway is signed out of', async () => {
  const at = site();
  const session = at.tab();
  session.found('ana', FRESH);
  at.close();
  await session.signOut();
  expect(at.loaded).toEqual(['signed-out']);
});

test('all tabs learn of more time, of the end, of somebody else and of signing out', async () => {
  // Messages between tabs aren't on the fake clock.
  vi.useRealTimers();
  const at = site();
  const [one, two] = [at.tab('tabs'), at.tab('tabs')];
  one.found('ana', FRESH);
  two.found('ana', { ...FRESH, idle_seconds: 60 });
  expect(two.left).toBe(60);
  await one.extend();
  await vi.waitUntil(() => two.left === undefined);

  at.close();
  const again = one.signInAgain();
  await vi.waitUntil(() => two.state === 'ended');
  at.open();
  one.began();
  await one.look();
  expect(await again).toBe(true);
  await vi.waitUntil(() => two.state === 'open');

  at.owner = 'ben';
  one.began();
  await vi.waitUntil(() => two.state === 'left');
  expect(at.loaded).toEqual(['start']);

  const [three, four] = [at.tab('tabs'), at.tab('tabs')];
  three.found('ben', FRESH);
  four.found('ben', FRESH);
  await four.signOut();
  await vi.waitUntil(() => three.state === 'left');
});
