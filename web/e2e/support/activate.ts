import { expect } from '@playwright/test';
import type { World } from './world.ts';

/** Activates the account behind the link in the newest mail to a client, as their browser would. */
export async function activate(
  world: World,
  client: { email: string; birth_date: string; password: string },
  mails = 1,
): Promise<void> {
  const token = (await world.link(client.email, 'activate', mails)).split('#')[1];
  const post = (path: string, body: object) =>
    fetch(`${world.portal}/api/portal/v1${path}`, {
      method: 'POST',
      headers: { origin: world.portal, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const answer = await post('/activation', {
    token,
    birth_date: client.birth_date,
    password: client.password,
    accepted_privacy_version: 1,
    accepted_terms_version: 1,
  });
  expect(answer.status, await answer.text()).toBe(200);
}
