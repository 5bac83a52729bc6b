import { Session } from '@clientconnect/ui';
import { createApi, type PortalPaths } from '@clientconnect/api-client';

/** Without the wait for another sign-in: what asks is about the session itself. */
export const direct = createApi<PortalPaths>();

export const session = new Session('portal', () =>
  direct.send((to) => to.POST('/api/portal/v1/session/extend')),
);

/** Whom the open page belongs to: somebody else who signs in here begins anew. */
let owner: string | undefined;
let waiting: Array<(again: boolean) => void> = [];

/** Remembers who is signed in; returns false when the page belongs to somebody else. */
export function belongsTo(email: string): boolean {
  owner ??= email;
  return owner === email;
}

/** Waits until the client has signed in again over the page; `false` at once where nobody was. */
export function reopening(): Promise<boolean> {
  if (session.state === 'none') return Promise.resolve(false);
  session.end();
  return new Promise((resolve) => waiting.push(resolve));
}

/** Lets the calls that waited go on, or give up. */
export function reopened(again: boolean): void {
  const calls = waiting;
  waiting = [];
  for (const go of calls) go(again);
}

/** Forgets who was here, before a page for somebody else. */
export function leave(): void {
  owner = undefined;
  reopened(false);
  session.forget();
}
