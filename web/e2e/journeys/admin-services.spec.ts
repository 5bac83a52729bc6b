import { expectAccessible } from '../support/axe.ts';
import { expect, navigation, open, test, WORKERS, type Page, type World } from '../support/staff.ts';
import type { Colleague } from '../support/world.ts';

const dialog = (page: Page) => page.getByRole('dialog');
const fact = (page: Page, term: string) =>
  page.getByRole('term').filter({ hasText: term }).locator('xpath=following-sibling::dd').first();

/** A service that a colleague added; gives its id. */
async function add(colleague: Colleague, service: object): Promise<string> {
  const answer = await colleague.ask<{ service: { service_id: string } }>('POST', '/services', {
    visibility: 'hidden',
    ...service,
  });
  return answer.service.service_id;
}

/** The worker whose name begins so. */
async function workerId(colleague: Colleague, name: string): Promise<string> {
  const { colleagues } = await colleague.ask<{ colleagues: Array<{ worker_id: string; name: string }> }>(
    'GET',
    '/colleagues',
  );
  return colleagues.find((one) => one.name.startsWith(name))?.worker_id ?? '';
}

/** What a client sees of their services. */
async function seenBy(world: World): Promise<string> {
  const client = await world.asClient(await world.client('Active:'));
  return JSON.stringify(await client.ask('GET', '/services'));
}

/** The individual of {@link seenBy}. */
async function activeIndividual(world: World, colleague: Colleague): Promise<{ id: string; name: string }> {
  const { name } = await world.client('Active:');
  return { id: await colleague.find(name), name };
}

test('a case service gets a client facing name, is visible, and somebody is enrolled in it', async ({
  page,
  world,
}) => {
  const colleague = await world.as(WORKERS.intake);
  const { id } = await activeIndividual(world, colleague);
  await open(page, world, WORKERS.intake);
  await (await navigation(page)).getByRole('link', { name: 'Services', exact: true }).click();
  await page.getByRole('link', { name: 'Add case service' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('FC-2 Family');
  await page.getByRole('radio', { name: 'Visible' }).check();
  await page.getByRole('button', { name: 'Add case service' }).click();
  const facing = page.getByRole('textbox', { name: 'Client Facing Name' });
  await expect(facing).toBeFocused();
  await expectAccessible(page, 'Add case service, no client facing name');
  await facing.fill('Time for families');
  await page.getByRole('checkbox', { name: /Eligible/ }).check();
  await page.getByRole('button', { name: 'Add case service' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'FC-2 Family' })).toBeVisible();
  await expect(fact(page, 'Client Facing Name')).toHaveText('Time for families');
  await expect(fact(page, 'Visible in ClientConnect')).toHaveText('Visible');
  expect(await seenBy(world)).not.toContain('Time for families');

  await page.goto(`${world.admin}/individuals/${id}/services`);
  await page.getByRole('button', { name: 'Enrol in a case service' }).click();
  await page.getByRole('combobox', { name: 'Case service' }).selectOption('FC-2 Family');
  await page.getByRole('combobox', { name: 'Primary worker' }).selectOption('Carmen Ibáñez');
  await page.getByRole('combobox', { name: 'Add a worker' }).selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expectAccessible(page, 'Enrol');
  await page.getByRole('button', { name: 'Enrol', exact: true }).click();
  const file = page.getByRole('article', { name: /FC-2 Family/ });
  await expect(file).toContainText('Carmen Ibáñez');
  expect(await seenBy(world)).toContain('Time for families');
  expect(await seenBy(world)).not.toContain('FC-2');

  // Another primary worker, then closed, then open again.
  await file.getByRole('button', { name: /^Change workers/ }).click();
  await file.getByRole('combobox', { name: 'Primary worker' }).selectOption('Ingrid Solberg');
  await file.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The workers are saved.')).toBeVisible();
  await expect(file.getByRole('definition').nth(2)).toHaveText('Ingrid Solberg');
  await file.getByRole('button', { name: /^Close/ }).click();
  await dialog(page).getByRole('button', { name: 'Close it' }).click();
  await expect(page.getByRole('region', { name: 'Closed service files' })).toContainText('FC-2 Family');
  await file.getByRole('button', { name: /^Reopen/ }).click();
  await dialog(page).getByRole('button', { name: 'Reopen' }).click();
  await expect(page.getByRole('region', { name: 'Service files', exact: true })).toContainText('FC-2 Family');

  // While somebody is in it, it stays active.
  await page.getByRole('link', { name: 'FC-2 Family' }).click();
  await page.getByRole('button', { name: 'Deactivate…' }).click();
  await dialog(page).getByRole('button', { name: 'Deactivate' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('People in it: 1');
});

test('what a change means for groups is said before it is saved, and all can be reset', async ({
  page,
  world,
}) => {
  const colleague = await world.as(WORKERS.intake);
  const parent_id = await add(colleague, {
    kind: 'case_service',
    name: 'Anxiety',
    client_facing_name: 'Feeling calmer',
    visibility: 'visible',
  });
  for (const [name, visibility] of [
    ['Tuesdays', 'as_service'],
    ['Wednesdays', 'as_service'],
    ['Staff only', 'hidden'],
  ]) {
    await add(colleague, { kind: 'group', parent_id, name, visibility });
  }
  await open(page, world, WORKERS.intake, `/services/${parent_id}`);
  await expect(page.getByRole('row', { name: /Tuesdays/ })).toContainText('As its service: visible');
  await expect(page.getByRole('row', { name: /Staff only/ })).toContainText('Hidden');

  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('radio', { name: 'Hidden' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toContainText('2 groups are as its service');
  await expect(dialog(page)).toContainText('1 group has been set');
  await expectAccessible(page, 'Service, cascade');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Tuesdays/ })).toContainText('As its service: hidden');
  await expect(fact(page, 'Groups')).toHaveText('2 as its service, 1 visible or hidden by themselves');

  await page.getByRole('button', { name: 'Reset all…' }).click();
  await dialog(page).getByRole('button', { name: 'Reset all' }).click();
  await expect(page.getByRole('row', { name: /Staff only/ })).toContainText('As its service: hidden');
  await expect(fact(page, 'Groups')).toHaveText('3 as its service, 0 visible or hidden by themselves');
});

test('eligible but hidden is said on the page and in the list, with the three that clients see', async ({
  page,
  world,
}) => {
  const colleague = await world.as(WORKERS.intake);
  const parent_id = await add(colleague, {
    kind: 'informal_service',
    name: 'Drop-in',
    client_facing_name: 'Come as you are',
    visibility: 'visible',
  });
  await add(colleague, { kind: 'informal_series', parent_id, name: 'Spring', visibility: 'as_service' });
  await open(page, world, WORKERS.intake, '/services/series');
  const row = page.getByRole('row', { name: /Spring/ });
  await expect(row).toContainText('Come as you are');
  await expect(row).toContainText('its service’s');
  await row.getByRole('link', { name: 'Spring' }).click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('radio', { name: 'Hidden' }).check();
  await page.getByRole('checkbox', { name: /Eligible/ }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Eligible, but hidden')).toBeVisible();
  await page.goto(`${world.admin}/services/series`);
  await expect(row).toContainText('not offered: hidden');
});

test('a roster: only through a service file, then on it, then off it', async ({ page, world }) => {
  const colleague = await world.as(WORKERS.intake);
  const { id, name } = await activeIndividual(world, colleague);
  const service_id = await add(colleague, { kind: 'case_service', name: 'Grief' });
  const group = await add(colleague, {
    kind: 'group',
    parent_id: service_id,
    name: 'Grief, evenings',
    visibility: 'as_service',
  });
  await open(page, world, WORKERS.intake, `/services/${group}`);
  await expect(page.getByText('Nobody is on it.')).toBeVisible();
  await page.getByRole('button', { name: 'Add to the roster' }).click();
  await page
    .getByRole('searchbox', { name: /Find by name, email/ })
    .last()
    .fill(name);
  const choose = page.getByRole('button', { name: `Add: ${name}` });
  await choose.click();
  await expect(page.getByRole('alert')).toContainText('has no open service file for Grief');
  await expectAccessible(page, 'Roster, not enrolled');
  await colleague.ask('POST', `/individuals/${id}/service-files`, {
    service_id,
    opened_on: '2026-01-05',
    primary_worker_id: await workerId(colleague, 'Ingrid'),
    worker_ids: [],
  });
  await choose.click();
  await expect(page.getByRole('table', { name: 'Roster' })).toContainText(name);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: `Remove: ${name}` }).click();
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Nobody is on it.')).toBeVisible();

  // From the individual's own page, too.
  await page.goto(`${world.admin}/individuals/${id}/services`);
  const file = page.getByRole('article', { name: /Grief/ });
  await file.getByRole('button', { name: 'Add to a group' }).click();
  await file.getByRole('combobox', { name: 'Add to a group' }).selectOption('Grief, evenings');
  await file.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(file.getByRole('link', { name: 'Grief, evenings' })).toBeVisible();
});

test('a client’s request waits for staff until somebody settles it', async ({ page, world }) => {
  const colleague = await world.as(WORKERS.intake);
  const { name } = await activeIndividual(world, colleague);
  const service_id = await add(colleague, {
    kind: 'case_service',
    name: 'Sleep',
    client_facing_name: 'Sleeping better',
    visibility: 'visible',
    eligible: true,
  });
  const client = await world.asClient(await world.client('Active:'));
  await client.ask('POST', '/service-requests', { service_id, message: 'Evenings are best.' });

  await open(page, world, WORKERS.intake, '/service-requests');
  const row = page.getByRole('row').filter({ hasText: 'Evenings are best.' });
  await expect(row).toContainText(name);
  await page.getByRole('button', { name: `Settle: Sleep, ${name}` }).click();
  await dialog(page)
    .getByRole('radio', { name: /^Declined/ })
    .check();
  await dialog(page).getByRole('textbox', { name: 'Note' }).fill('Told by phone.');
  await expectAccessible(page, 'Settle');
  await dialog(page).getByRole('button', { name: 'Settle' }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole('link', { name: 'Settled' }).click();
  await expect(row).toContainText('Declined');
  await expect(row).toContainText('Told by phone.');
  await expect(row).toContainText('Ingrid Solberg');
});

test('who may only look is offered nothing else', async ({ page, world }) => {
  const id = await add(await world.as(WORKERS.intake), { kind: 'case_service', name: 'Only to look at' });
  await open(page, world, WORKERS.clinical, '/services');
  await expect(page.getByRole('link', { name: 'Only to look at' })).toBeVisible();
  await expect(page.getByRole('link', { name: /^Add/ })).toHaveCount(0);
  await page.getByRole('link', { name: 'Only to look at' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Only to look at' })).toBeVisible();
  await expect(page.getByRole('button', { name: /Edit|Deactivate|Reset/ })).toHaveCount(0);
  await page.goto(`${world.admin}/services/new`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
  await expect(
    (await world.as(WORKERS.clinical)).ask('PUT', `/services/${id}`, { version: 1 }),
  ).rejects.toThrow('403');
});

test('services from a file: dry run, then apply', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/import');
  await page.getByRole('radio', { name: /^Services,/ }).check();
  const buffer = Buffer.from(
    'Program ID,Type,Program,Parent,Public name,Visible\n' +
      'S-1,case_service,Parenting,,Being a parent,yes\nS-2,group,Parenting Mondays,S-1,,as_service\nS-3,choir,Choir,,,\n',
  );
  await page.getByLabel('CSV file').setInputFiles({ name: 'services.csv', mimeType: 'text/csv', buffer });
  await page.getByLabel('Name of the other system').fill('records');
  await expectAccessible(page, 'Import, services');
  await page.getByRole('button', { name: 'Start the dry run' }).click();
  await expect(page.getByText('The dry run is done.')).toBeVisible();
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(dialog(page)).toContainText('services are added');
  await dialog(page).getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('The import is done.')).toBeVisible();
  await page.goto(`${world.admin}/services/groups`);
  const row = page.getByRole('row', { name: /Parenting Mondays/ });
  await expect(row).toContainText('Being a parent');
  await expect(row).toContainText('As its service: visible');
});

test('service files, then rosters from files: the client finds what they are in', async ({ page, world }) => {
  const colleague = await world.as(WORKERS.intake);
  const { external_id } = await world.client('Active:');
  const grief = await add(colleague, {
    kind: 'case_service',
    name: 'Grief',
    client_facing_name: 'Living with loss',
    visibility: 'visible',
  });
  await add(colleague, {
    kind: 'group',
    parent_id: grief,
    name: 'Grief, evenings',
    client_facing_name: 'Evenings together',
    visibility: 'as_service',
  });
  await open(page, world, WORKERS.intake);

  await upload(
    page,
    world,
    'Service files',
    `File ID,Client ID,Program,Opened,Caseworker
F-1,${external_id},Grief,2026-02-03,${WORKERS.clinical.email}
F-2,${external_id},Gardening,2026-02-03,${WORKERS.clinical.email}
F-3,Z-0,Grief,2026-02-03,${WORKERS.clinical.email}
`,
  );
  await expect(fact(page, 'Would be added')).toHaveText('1');
  await expect(fact(page, 'Would be refused')).toHaveText('2');
  await expectAccessible(page, 'Dry run, service files');
  await apply(page, '1 service file');
  expect(await seenBy(world)).toContain('Living with loss');

  await upload(
    page,
    world,
    'Rosters of groups and informal series',
    `Client ID,Group,Joined\n${external_id},"Grief, evenings",2026-02-10\nZ-0,"Grief, evenings",\n`,
  );
  await expect(fact(page, 'Would be added')).toHaveText('1');
  await expect(fact(page, 'Would be refused')).toHaveText('1');
  await expectAccessible(page, 'Dry run, rosters');
  await apply(page, '1 place');
  expect(await seenBy(world)).toContain('Evenings together');
});

/** Uploads a file of the demo's own system and waits for its dry run. */
async function upload(page: Page, world: World, kind: string, csv: string): Promise<void> {
  await page.goto(`${world.admin}/import`);
  await page.getByRole('radio', { name: kind }).check();
  await page
    .getByLabel('CSV file')
    .setInputFiles({ name: 'export.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await page.getByLabel('Name of the other system').fill('demo');
  await page.getByRole('button', { name: 'Start the dry run' }).click();
  await expect(page.getByText('The dry run is done.')).toBeVisible();
}

/** Applies the file whose dry run shows. */
async function apply(page: Page, says: string): Promise<void> {
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(dialog(page)).toContainText(says);
  await dialog(page).getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('The import is done.')).toBeVisible();
}
