import { expectAccessible } from '../support/axe.ts';
import { signInToPortal } from '../support/portal.ts';
import { save } from '../support/settings.ts';
import { expect, navigation, open, signIn, test, WORKERS, type Page, type World } from '../support/staff.ts';

const NEWCOMER = 'noor.haddad@alderquay.example.org';
const PASSWORD = 'seven lanterns under the harbour';

const dialog = (page: Page) => page.getByRole('dialog');

/** Does to the worker whose page is open what a button says, and says yes. */
async function doTo(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `${name}…` }).click();
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
}

/** Opens the page of a worker as the System Administrator. */
async function openWorker(page: Page, world: World, name: string): Promise<void> {
  await open(page, world, WORKERS.systemAdministrator, '/workers');
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
}

test('a worker is suspended, unlocked, and made to choose a new password', async ({ page, world }) => {
  const ingrid = await world.as(WORKERS.intake);
  await openWorker(page, world, 'Ingrid Solberg');
  await page.getByRole('button', { name: 'Suspend…' }).click();
  await expect(dialog(page)).toContainText('signed out everywhere at once');
  await dialog(page).getByRole('button', { name: 'Suspend' }).click();
  await expect(page.getByText('Ingrid Solberg is suspended.')).toBeVisible();
  await expect(ingrid.ask('GET', '/me')).rejects.toThrow('401');
  await doTo(page, 'Unlock');
  await expect(page.getByText('Ingrid Solberg is unlocked.')).toBeVisible();
  await doTo(page, 'Reset password');
  await expect(page.getByText('The link is on its way.')).toBeVisible();
  await world.mails(WORKERS.intake.email);

  await page.context().clearCookies();
  await page.goto(world.admin);
  await signIn(page, WORKERS.intake);
  await expect(page.getByText('A new password is needed')).toBeVisible();
  await page.getByRole('button', { name: 'Mail me the link' }).click();
  await expect(page.getByText('is on its way')).toBeVisible();
  await page.goto(await world.link(WORKERS.intake.email, 'reset', 2));
  await page.getByRole('textbox', { name: 'New password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await expect(page.getByRole('heading', { name: 'Your password is changed' })).toBeVisible();
});

test('keeping a worker as they are changes nothing', async ({ page, world }) => {
  await openWorker(page, world, 'Ingrid Solberg');
  const suspend = page.getByRole('button', { name: 'Suspend…' });
  await suspend.click();
  await expect(dialog(page).getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(suspend).toBeFocused();
  await expect(world.as(WORKERS.intake)).resolves.toBeTruthy();
});

test('somebody new is invited, works here, leaves and comes back', async ({ page, world }) => {
  await open(page, world, WORKERS.systemAdministrator, '/workers');
  await page.getByRole('link', { name: 'Add worker' }).click();
  await page.getByRole('textbox', { name: 'Email' }).fill(WORKERS.intake.email);
  await page.getByRole('textbox', { name: 'First name' }).fill('Noor');
  await page.getByRole('textbox', { name: 'Last name' }).fill('Haddad');
  await page.getByRole('combobox', { name: 'User Group' }).selectOption('Intake-Mgmt');
  await page.getByRole('combobox', { name: 'Security Class' }).selectOption('Full');
  await page.getByRole('textbox', { name: 'Client Facing Name' }).fill('Noor');
  await page.getByRole('button', { name: 'Add and invite' }).click();
  const email = page.getByRole('textbox', { name: 'Email' });
  await expect(email).toBeFocused();
  await expect(email).toHaveAccessibleDescription(/./);
  await expectAccessible(page, 'Add worker, address taken');
  await email.fill(NEWCOMER);
  await page.getByRole('button', { name: 'Add and invite' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Noor Haddad' })).toBeVisible();
  await expect(page.getByText('Invited', { exact: true })).toBeVisible();
  const here = page.url();

  await page.context().clearCookies();
  const first = await world.link(NEWCOMER, 'reset');
  await page.goto(first);
  await page.getByRole('textbox', { name: 'New password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, { email: NEWCOMER, password: PASSWORD });
  await expect(page.getByRole('heading', { level: 1, name: 'My Home' })).toBeVisible();
  const noor = await world.as({ email: NEWCOMER, password: PASSWORD });

  await page.context().clearCookies();
  await page.goto(here);
  await signIn(page, WORKERS.systemAdministrator);
  await doTo(page, 'Deactivate');
  await expect(page.getByText('Noor Haddad is deactivated.')).toBeVisible();
  await expect(noor.ask('GET', '/me')).rejects.toThrow('401');
  await expect(world.as({ email: NEWCOMER, password: PASSWORD })).rejects.toThrow('401');
  await doTo(page, 'Reactivate');
  await expect(page.getByText('Invited', { exact: true })).toBeVisible();
  await world.link(NEWCOMER, 'reset', 2);
  await doTo(page, 'Invite again');
  await world.link(NEWCOMER, 'reset', 3);
});

test('two edit a worker at once: nothing of either is lost', async ({ page, world }) => {
  await openWorker(page, world, 'Ingrid Solberg');
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Client Facing Name' }).fill('Ingrid');
  await page.getByRole('textbox', { name: 'Description' }).fill('I answer the phone.');

  const colleague = await world.as(WORKERS.systemAdministrator);
  const path = `/workers/${page.url().split('/').at(-1)}`;
  const now = await colleague.ask<Record<string, unknown>>('GET', path);
  const { version, first_name, last_name, user_group, security_class_id, site_id, language } = now;
  await colleague.ask('PUT', path, {
    version,
    profile: {
      ...{ first_name, last_name, user_group, security_class_id, site_id },
      language: language === 'fr' ? 'en' : 'fr',
      client_facing_name: 'Ms Solberg',
      description: null,
    },
  });

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Somebody else changed this worker meanwhile')).toBeVisible();
  await expect(page.getByText('Taken over from what is saved: Language of mails.')).toBeVisible();
  await expectAccessible(page, 'Worker, changed meanwhile');
  await page
    .getByRole('group', { name: 'Client Facing Name: saved meanwhile' })
    .getByRole('button', { name: 'Use what is saved' })
    .click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('The worker is saved.')).toBeVisible();
  const facts = page.getByRole('region', { name: 'Worker' });
  await expect(facts).toContainText('Ms Solberg');
  await expect(facts).toContainText('I answer the phone.');
});

test('nobody takes away what makes them a System Administrator', async ({ page, world }) => {
  await openWorker(page, world, 'Robin Ashdown');
  await expect(page.getByRole('button', { name: /Deactivate|Suspend|Reset/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Edit' }).click();
  await expect(page.getByRole('combobox', { name: 'User Group' })).toBeDisabled();
  await expect(page.getByRole('combobox', { name: 'Security Class' })).toBeDisabled();
});

test('a security class takes away, and is kept as long as somebody belongs to it', async ({
  page,
  world,
}) => {
  await open(page, world, WORKERS.systemAdministrator);
  await (await navigation(page)).getByRole('link', { name: 'Security Classes' }).click();
  await page.getByRole('button', { name: 'Add security class' }).click();
  const name = page.getByRole('textbox', { name: 'Name' });
  await expect(name).toBeFocused();
  await name.fill('Full');
  await page.getByRole('checkbox', { name: /^Import/ }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(name).toBeFocused();
  await expectAccessible(page, 'Security class, name taken');
  await name.fill('No files');
  await page.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'No files' }) });
  await expect(row).toContainText('Import');

  await giveClass(page, 'Ingrid Solberg', 'No files');
  await expect((await world.as(WORKERS.intake)).ask('POST', '/imports', {})).rejects.toThrow('403');

  await (await navigation(page)).getByRole('link', { name: 'Security Classes' }).click();
  const remove = page.getByRole('button', { name: 'Remove: No files' });
  await remove.click();
  await expect(dialog(page)).toContainText('Workers belong to it (1)');
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await expect(dialog(page).getByRole('alert')).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await giveClass(page, 'Ingrid Solberg', 'Full');
  await (await navigation(page)).getByRole('link', { name: 'Security Classes' }).click();
  await remove.click();
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('No files is removed.')).toBeVisible();
  await expect(row).toHaveCount(0);
});

test('a site is added with its time zone, and offered as long as it is active', async ({ page, world }) => {
  await open(page, world, WORKERS.systemAdministrator, '/sites');
  await page.getByRole('button', { name: 'Add site' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Harbour Annex');
  const zone = page.getByRole('combobox', { name: 'Time zone' });
  await zone.fill('Mars/Olympus');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(zone).toBeFocused();
  await expect(zone).toHaveAccessibleDescription(/IANA/);
  await expectAccessible(page, 'Site, unknown time zone');
  await zone.fill('America/Halifax');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Harbour Annex/ })).toContainText('America/Halifax');

  const offered = async () => {
    await page.goto(`${world.admin}/workers/new`);
    const site = page.getByRole('combobox', { name: 'Site' });
    await expect(site.locator('option', { hasText: 'Quayside Centre' })).toHaveCount(1);
    return site.locator('option', { hasText: 'Harbour Annex' }).count();
  };
  expect(await offered()).toBe(1);
  await page.goto(`${world.admin}/sites`);
  await page.getByRole('button', { name: 'Edit: Harbour Annex' }).click();
  await page.getByRole('checkbox', { name: /^Active/ }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /Harbour Annex/ })).toContainText('Inactive');
  expect(await offered()).toBe(0);
});

/** Goes to a worker by the menu and changes their security class; returns when that is saved. */
async function giveClass(page: Page, name: string, security_class: string): Promise<void> {
  await (await navigation(page)).getByRole('link', { name: 'Workers' }).click();
  await page.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('combobox', { name: 'Security Class' }).selectOption(security_class);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  // Not by what is announced, which an earlier save may have left on the page.
  await expect(page.getByRole('form', { name: 'Worker' })).toHaveCount(0);
  await expect(page.getByText('The worker is saved.')).toBeVisible();
}

test('how clients see a worker: their own choice of name, words and photo', async ({ page, world }) => {
  await open(page, world, WORKERS.clinical, '/me');
  const profile = page.getByRole('region', { name: 'How clients see me' });
  await profile.getByRole('textbox', { name: 'Client Facing Name' }).fill('Carmen');
  await profile.getByRole('textbox', { name: 'Description' }).fill('I listen.');
  await profile.getByRole('button', { name: 'Save my profile' }).click();
  await expect(page.getByText('Your profile is saved.')).toBeVisible();

  const photo = profile.locator('input[type=file]');
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
  await photo.setInputFiles({ name: 'me.svg', mimeType: 'image/svg+xml', buffer: svg });
  await expect(photo).toHaveAccessibleDescription(/SVG/);
  await expectAccessible(page, 'My account, photo refused');
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  await photo.setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: png });
  await expect(page.getByText('The photo is saved.')).toBeVisible();
  await page.reload();
  await expect(profile.getByRole('textbox', { name: 'Client Facing Name' })).toHaveValue('Carmen');
  const shown = profile.getByRole('img');
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(400);

  // Their client meets the same, as long as the agency shows photos.
  const portal = await page.context().newPage();
  await signInToPortal(portal, world, await world.client('Active: signs in'));
  await portal.goto(`${world.portal}/services`);
  const services = portal.getByRole('main');
  await expect(services).toContainText('I listen.');
  const seen = services.locator('img');
  await expect.poll(() => seen.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await save(world, 'file-attachment', () => ({ file_attachment: { worker_photos: false } }));
  await portal.reload();
  await expect(services).toContainText('I listen.');
  await expect(seen).toHaveCount(0);
  await save(world, 'file-attachment', () => ({ file_attachment: { worker_photos: true } }));
  await portal.reload();
  await expect(seen).toHaveCount(1);

  await profile.getByRole('button', { name: 'Remove the photo' }).click();
  await expect(shown).toHaveCount(0);
  await portal.reload();
  await expect(services).toContainText('I listen.');
  await expect(seen).toHaveCount(0);
});
