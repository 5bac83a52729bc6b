import { expectAccessible, expectToFit } from '../support/axe.ts';
import { signInToPortal } from '../support/portal.ts';
import { setUp } from '../support/settings.ts';
import { expect, test, WORKERS, type Page, type World } from '../support/world.ts';

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

async function enter(page: Page, world: World) {
  const client = await world.client('Active: signs in');
  await signInToPortal(page, world, client);
  return client;
}

const letEdit = (world: World, edit = true) => setUp(world, (setup) => (setup.about_me.edit_profile = edit));

test('a client sees what the agency knows of them, and whom to ask where it can’t be changed here', async ({
  page,
  world,
}) => {
  await letEdit(world, false);
  const client = await enter(page, world);
  await page.getByRole('main').getByRole('link', { name: 'About Me' }).click();
  await expect(heading(page, 'About Me')).toBeFocused();
  const main = page.getByRole('main');
  await expect(main).toContainText(client.name);
  await expect(main).toContainText(client.email);
  await expect(main.getByText('Is something not right?')).toBeVisible();
  await expect(main.getByRole('link', { name: '+1 416-555-0100' })).toBeVisible();
  await expect(main.getByRole('link', { name: /change|add/i })).toHaveCount(0);

  await page.goto(`${world.portal}/about-me/edit`);
  await expect(main.getByText('Please tell Alder Quay Community Services.')).toBeVisible();
  await expect(main.getByRole('button', { name: 'Save' })).toHaveCount(0);
});

test('where the agency allows it, a client corrects their profile', async ({ page, world }) => {
  await letEdit(world);
  await enter(page, world);
  await page.goto(`${world.portal}/about-me`);
  await page.getByRole('link', { name: 'Change my profile' }).click();
  await page.getByLabel('First name').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('First name')).toBeFocused();
  await expect(page.getByText('Please fill this in.')).toBeVisible();
  await expectAccessible(page, 'a name is missing');

  await page.getByLabel('First name').fill('Kaye');
  await page.getByLabel('What you like to be called').fill('Kit');
  await page.getByLabel('Language').last().selectOption('fr');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(heading(page, 'À propos de moi')).toBeFocused();
  await expect(page.getByText('Votre profil est à jour.')).toBeVisible();
  await page
    .getByRole('banner')
    .getByRole('link', { name: /Alder Quay/ })
    .click();
  await expect(heading(page, 'Bonjour Kit')).toBeVisible();
});

test('contacts are added, changed and removed', async ({ page, world }) => {
  await letEdit(world);
  await enter(page, world);
  await page.goto(`${world.portal}/about-me`);
  await page.getByRole('link', { name: 'Add a contact' }).click();
  await page.getByLabel('What would you like to add?').selectOption('Phone number');
  await page.getByRole('textbox', { name: 'Phone number' }).fill('+1 416-555-0177');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved. We have your contact.')).toBeVisible();
  const contacts = page.getByRole('main').getByRole('listitem');
  await expect(contacts.filter({ hasText: '+1 416-555-0177' })).toHaveCount(1);

  await page.getByRole('link', { name: 'Add a contact' }).click();
  await page.getByLabel('What would you like to add?').selectOption('Email address');
  await page.getByRole('textbox', { name: 'Email address' }).fill('not an address');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Please check it.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Email address' })).toBeFocused();
  await page.getByRole('link', { name: 'Back to About Me' }).click();

  await contacts.filter({ hasText: '+1 416-555-0177' }).getByRole('link', { name: 'Change' }).click();
  await page.getByLabel('You may use this to reach me').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(contacts.filter({ hasText: '+1 416-555-0177' })).toContainText('Not in use');

  await contacts.filter({ hasText: '+1 416-555-0177' }).getByRole('link', { name: 'Change' }).click();
  await page.getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove this contact?' });
  await expectAccessible(page, 'asked about removing');
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('We don’t use this contact any more.')).toBeVisible();
  await expect(contacts.filter({ hasText: '+1 416-555-0177' })).toHaveCount(0);
});

test('before permission to write by email ends, the page says so (B9)', async ({ page, world }) => {
  await letEdit(world);
  const client = await enter(page, world);
  await page.goto(`${world.portal}/about-me`);
  const consented = page.getByRole('listitem').filter({ hasText: 'We may write to you here' });
  await consented.getByRole('link', { name: 'Change' }).click();
  await page.getByRole('textbox', { name: 'Email address' }).fill('another@example.org');
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Then we can’t write to you by email' });
  await expectAccessible(page, 'consent would end');
  await expectToFit(page, 'consent would end');
  await dialog.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('link', { name: 'Back to About Me' }).click();
  await expect(consented).toContainText(client.email);

  await consented.getByRole('link', { name: 'Change' }).click();
  await page.getByRole('textbox', { name: 'Email address' }).fill('another@example.org');
  await page.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('button', { name: 'Go on and end my permission' }).click();
  await expect(page.getByText('another@example.org', { exact: true })).toBeVisible();
  await expect(consented).toHaveCount(0);
});

test('what a worker saved meanwhile is shown beside what was typed', async ({ page, world }) => {
  await letEdit(world);
  const client = await enter(page, world);
  await page.goto(`${world.portal}/about-me/edit`);
  await page.getByLabel('First name').fill('Kaye');

  const worker = await world.as(WORKERS.intake);
  const path = `/individuals/${await worker.find(client.name)}`;
  type Record = { version: number; [field: string]: unknown };
  const { individual } = await worker.ask<{ individual: Record }>('GET', path);
  const fields = ['first_name', 'middle_name', 'last_name', 'preferred_name', 'gender', 'language'];
  const kept = [...fields, 'site_id', 'worker_ids', 'external_ids'].map((name) => [name, individual[name]]);
  const profile = { ...Object.fromEntries(kept), first_name: 'Keagan', gender: 'woman' };
  await worker.ask('PUT', `${path}/profile`, { version: individual.version, profile });

  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('This was changed meanwhile');
  await expect(page.getByText('Now it says: Keagan')).toBeVisible();
  await expect(page.getByLabel('First name')).toHaveValue('Kaye');
  await expect(page.getByLabel('Gender')).toHaveValue('woman');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('main')).toContainText('Kaye');
  await expect(page.getByRole('main')).toContainText('woman');
});
