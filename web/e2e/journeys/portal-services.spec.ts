import { expectAccessible } from '../support/axe.ts';
import { signInToPortal } from '../support/portal.ts';
import { setUp } from '../support/settings.ts';
import { expect, test, WORKERS, type Colleague, type Page, type World } from '../support/world.ts';

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

/** Adds a service to those of the demo. */
async function service(worker: Colleague, fields: object): Promise<string> {
  const made = { kind: 'case_service', visibility: 'hidden', ...fields };
  const { service } = await worker.ask<{ service: { service_id: string } }>('POST', '/services', made);
  return service.service_id;
}

/** Of the client who signs in, and the worker who enrols them. */
async function prepare(world: World) {
  const client = await world.client('Active: signs in');
  const worker = await world.as(WORKERS.intake);
  const individual = `/individuals/${await worker.find(client.name)}`;
  const clinical = await world.as(WORKERS.clinical);
  const { worker_id } = await clinical.ask<{ worker_id: string }>('GET', '/me');
  const enrol = (service_id: string, opened_on: string) =>
    worker.ask('POST', `${individual}/service-files`, {
      service_id,
      opened_on,
      primary_worker_id: worker_id,
      worker_ids: [],
    });
  return { client, worker, enrol, individualId: individual.replace('/individuals/', '') };
}

test('a client sees their services by the names meant for them, and nothing of hidden ones', async ({
  page,
  world,
}) => {
  const { client, worker, enrol, individualId } = await prepare(world);
  const shown = await service(worker, {
    name: 'Intensive stream B',
    client_facing_name: 'Talking with a counsellor',
    visibility: 'visible',
  });
  const hidden = await service(worker, { name: 'Risk review', client_facing_name: 'Review' });
  const group = await service(worker, {
    kind: 'group',
    parent_id: shown,
    name: 'B group 3',
    client_facing_name: 'Tuesday evening group',
    visibility: 'as_service',
  });
  const overridden = await service(worker, {
    kind: 'group',
    parent_id: shown,
    name: 'B group 4',
    client_facing_name: 'Closed group',
    visibility: 'hidden',
  });
  await enrol(shown, '2026-03-04');
  await enrol(hidden, '2026-04-01');
  for (const one of [group, overridden]) {
    await worker.ask('POST', `/services/${one}/roster`, { individual_id: individualId });
  }

  await signInToPortal(page, world, client);
  await page.getByRole('main').getByRole('link', { name: 'My Services' }).click();
  await expect(heading(page, 'My Services')).toBeFocused();
  const main = page.getByRole('main');
  await expect(main.getByRole('heading', { name: 'Talking with a counsellor' })).toBeVisible();
  await expect(main).toContainText('Since March 4, 2026');
  await expect(main).toContainText('Carmen');
  await expect(main).toContainText('Your main contact person');
  await expect(main).toContainText('You joined Tuesday evening group');
  for (const secret of ['Intensive', 'Risk', 'Review', 'B group', 'Closed group']) {
    await expect(main).not.toContainText(secret);
  }
});

test('a service is requested once, with a few words, and its answer is seen', async ({ page, world }) => {
  const { client, worker, individualId } = await prepare(world);
  await service(worker, {
    kind: 'informal_service',
    name: 'Art, open house',
    client_facing_name: 'Art afternoon',
    visibility: 'visible',
    eligible: true,
    event_minutes: 90,
  });
  await setUp(world, (setup) => {
    setup.request_service.enabled = true;
    setup.request_service.text = { en: 'We answer within a week.', fr: null, es: null };
  });
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/services`);
  await page.getByRole('link', { name: 'Request a service' }).click();
  await expect(page.getByText('We answer within a week.')).toBeVisible();
  await page.getByRole('button', { name: 'Send my request' }).click();
  await expect(page.getByText('Please choose a service.')).toBeVisible();
  await expectAccessible(page, 'nothing chosen');
  await page.getByRole('radio', { name: /Art afternoon/ }).check();
  const words = page.getByLabel('What would you like to tell us?');
  await words.fill('I paint a little.');

  // Without a connection nothing is lost.
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Send my request' }).click();
  await expect(page.getByRole('alert')).toContainText('connection');
  await expectAccessible(page, 'not sent');
  await expect(words).toHaveValue('I paint a little.');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Send my request' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'We have your request.' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Art afternoon' })).toContainText(
    'We have your request and will answer you.',
  );

  type Requests = { requests: Array<{ request_id: string; individual_id: string; message: string }> };
  const { requests } = await worker.ask<Requests>('GET', '/service-requests?state=open');
  const request = requests.find(({ individual_id }) => individual_id === individualId);
  expect(request?.message).toBe('I paint a little.');
  const path = `/individuals/${individualId}/service-requests/${request?.request_id}/settle`;
  await worker.ask('POST', path, { outcome: 'declined' });
  await page.reload();
  await expect(page.getByRole('listitem').filter({ hasText: 'Art afternoon' })).toContainText(
    'We can’t offer you this at the moment.',
  );
});

test('where requests are off, nothing offers one', async ({ page, world }) => {
  await setUp(world, (setup) => (setup.request_service.enabled = false));
  await signInToPortal(page, world, await world.client('Active: signs in'));
  await page.goto(`${world.portal}/services`);
  await expect(heading(page, 'My Services')).toBeVisible();
  await page.waitForLoadState('networkidle');
  await expect(page.getByRole('link', { name: 'Request a service' })).toHaveCount(0);
  await page.goto(`${world.portal}/services/request`);
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send my request' })).toHaveCount(0);
});
