import { expectAccessible, expectToFit } from '../support/axe.ts';
import { isSignedIn, signInToPortal } from '../support/portal.ts';
import { expect, test, type Page, type World } from '../support/world.ts';

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

/** The eight digits in the newest mail to an address. */
async function codeIn(world: World, to: string, atLeast = 1): Promise<string> {
  const code = (await world.mails(to, atLeast)).at(-1)?.text.match(/\b\d{4} ?\d{4}\b/)?.[0];
  if (!code) throw new Error(`no code in the newest mail to ${to}`);
  return code;
}

async function askForCode(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('New email address').fill(email);
  await page.getByLabel('Your password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Send me the code' }).click();
}

test('home greets, shows the tile, and says whom to turn to', async ({ page, world }) => {
  const client = await world.client('Active: signs in');
  await signInToPortal(page, world, client);
  await expect(heading(page, /^Hello /)).toBeVisible();
  await expect(page).toHaveTitle('Start page · ClientConnect');
  const main = page.getByRole('main');
  await expect(main.getByRole('link', { name: '+1 416-555-0100' })).toHaveAttribute(
    'href',
    'tel:+14165550100',
  );
  await main.getByRole('link', { name: 'My ClientConnect' }).click();
  await expect(heading(page, 'My ClientConnect')).toBeFocused();
  await expect(main).toContainText(client.email);
});

test('a client chooses which messages come', async ({ page, world }) => {
  const client = await world.client('Active: signs in');
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/account`);
  await expect(page.getByLabel('Send them to')).toContainText(client.email);
  await page.getByRole('checkbox', { name: /^Event updates/ }).uncheck();
  await page.getByRole('main').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('We write to you as you chose here.')).toBeVisible();
  await expectAccessible(page, 'messages are chosen');
  await expectToFit(page, 'messages are chosen');
  await page.reload();
  await expect(page.getByRole('checkbox', { name: /^Event updates/ })).not.toBeChecked();
  await expect(page.getByRole('checkbox', { name: /^Event confirmations/ })).toBeChecked();
});

test('the sign-in email changes with the code from the mail, and both addresses are told', async ({
  page,
  world,
}) => {
  const client = await world.client('Active: signs in');
  const before = (await world.mails(client.email)).length;
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/account/email`);
  await askForCode(page, 'new.address@example.org', client.password ?? '');
  await expect(page.getByLabel('Code', { exact: true })).toBeFocused();

  // The page is loaded again, and home says what waits.
  await page.goto(world.portal);
  await expect(page.getByText('Your new email address waits for its code.')).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'My ClientConnect' }).click();
  await page.getByRole('link', { name: 'Type the code' }).click();
  await expect(page.getByText('We sent a code to new.address@example.org.')).toBeVisible();

  await page.getByLabel('Code', { exact: true }).fill(await codeIn(world, 'new.address@example.org'));
  await page.getByRole('button', { name: 'Change my sign-in email' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'From now on, sign in with' })).toContainText(
    'new.address@example.org',
  );
  const old = await world.mails(client.email, before + 1);
  expect(old.at(-1)?.text).toMatch(/This\s+address\s+no\s+longer\s+works/);
  await world.mails('new.address@example.org', 2);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(heading(page, 'You are signed out')).toBeVisible();
  await signInToPortal(page, world, { email: 'new.address@example.org', password: client.password ?? '' });
});

test('a wrong code says how many tries are left; after the last one a new code is asked for', async ({
  page,
  world,
}) => {
  const client = await world.client('Active: signs in');
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/account/email`);
  await askForCode(page, 'new.address@example.org', '');
  await expect(page.getByText('Please type your password.')).toBeVisible();
  await expect(page.getByLabel('Your password', { exact: true })).toBeFocused();
  await askForCode(page, 'new.address@example.org', 'not the password at all');
  await expect(page.getByText('This is not your current password.')).toBeVisible();
  await expect(page.getByLabel('Your password', { exact: true })).toBeFocused();
  await expect(page.getByLabel('New email address')).toHaveValue('new.address@example.org');
  await askForCode(page, 'new.address@example.org', client.password ?? '');

  const right = (await codeIn(world, 'new.address@example.org')).replace(' ', '');
  const wrong = right === '00000000' ? '11111111' : '00000000';
  const code = page.getByLabel('Code', { exact: true });
  for (const left of [4, 3, 2, 1]) {
    await code.fill(wrong);
    await page.getByRole('button', { name: 'Change my sign-in email' }).click();
    await expect(page.getByText(`type its 8 digits. Tries left: ${left}.`)).toBeVisible();
    await expect(code).toBeFocused();
  }
  await code.fill(wrong);
  await page.getByRole('button', { name: 'Change my sign-in email' }).click();
  await expect(page.getByText('This code can’t be used any more')).toBeVisible();
  await expect(page.getByLabel('New email address')).toHaveValue('new.address@example.org');
});

test('a new password ends the other sessions, not this one', async ({ page, browser, world }) => {
  const client = await world.client('Active: signs in');
  const elsewhere = await (await browser.newContext()).newPage();
  await signInToPortal(elsewhere, world, client);
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/account/password`);

  await page.getByLabel('Current password', { exact: true }).fill('not the password at all');
  await page.getByLabel('New password', { exact: true }).fill('eleven quiet herons by the canal');
  await page.getByRole('button', { name: 'Change my password' }).click();
  await expect(page.getByLabel('Current password', { exact: true })).toBeFocused();
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue(
    'eleven quiet herons by the canal',
  );

  await page.getByLabel('Current password', { exact: true }).fill(client.password ?? '');
  await page.getByRole('button', { name: 'Change my password' }).click();
  await expect(page.getByText('Your password is changed')).toBeVisible();
  expect(await isSignedIn(page, world)).toBe(true);
  expect(await isSignedIn(elsewhere, world)).toBe(false);
  await elsewhere.context().close();
});

test('other devices are listed and signed out', async ({ page, browser, world }) => {
  const client = await world.client('Active: signs in');
  const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
  const [one, other] = await Promise.all(contexts.map((context) => context.newPage()));
  if (!one || !other) throw new Error('no pages');
  await signInToPortal(one, world, client);
  await signInToPortal(other, world, client);
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/account/sessions`);
  const devices = page.getByRole('main').getByRole('listitem');
  await expect(devices.filter({ hasText: 'This device' })).toHaveCount(1);
  const before = await devices.count();
  expect(before).toBeGreaterThanOrEqual(3);
  await expect(devices.first()).toContainText(/E[DS]T|UTC−|GMT-/);

  // Newest first: this one, then the other one.
  await devices
    .nth(1)
    .getByRole('button', { name: /^Sign out there/ })
    .click();
  await expect(page.getByRole('status').filter({ hasText: 'Signed out:' })).toBeVisible();
  await expect(devices).toHaveCount(before - 1);
  expect(await isSignedIn(other, world)).toBe(false);
  expect(await isSignedIn(one, world)).toBe(true);

  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sign out everywhere else?' });
  await expect(dialog.getByRole('button', { name: 'Quick exit' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Keep them' }).click();
  expect(await isSignedIn(one, world)).toBe(true);
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await dialog.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(page.getByText('You are not signed in anywhere else.')).toBeVisible();
  expect(await isSignedIn(one, world)).toBe(false);
  expect(await isSignedIn(page, world)).toBe(true);
  await Promise.all(contexts.map((context) => context.close()));
});

test('the language is kept after signing out, and mails follow', async ({ page, world }) => {
  const client = await world.client('Active: signs in');
  const before = (await world.mails(client.email)).length;
  await signInToPortal(page, world, client);
  await page.goto(`${world.portal}/account`);
  await page.getByRole('radio', { name: 'Français' }).check();
  await expect(page.getByRole('status').filter({ hasText: 'en français' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
  await expect(heading(page, 'Mon ClientConnect')).toBeVisible();

  await page.getByRole('button', { name: 'Me déconnecter' }).click();
  await expect(page).toHaveURL(/signed-out/);
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
  await signInToPortal(page, world, client);
  await expect(heading(page, /^Bonjour /)).toBeVisible();

  await page.goto(`${world.portal}/account/password`);
  await page.getByLabel('Mot de passe actuel', { exact: true }).fill(client.password ?? '');
  await page.getByLabel('Nouveau mot de passe', { exact: true }).fill('onze hérons calmes au bord du canal');
  await page.getByRole('button', { name: 'Changer mon mot de passe' }).click();
  await expect(page.getByText('Votre mot de passe est changé')).toBeVisible();
  expect((await world.mails(client.email, before + 1)).at(-1)?.subject).toContain('mot de passe');
});

test('the language changes without losing what was typed', async ({ page, world }) => {
  await signInToPortal(page, world, await world.client('Active: signs in'));
  await page.goto(`${world.portal}/account/email`);
  await page.getByLabel('New email address').fill('half.typed@exam');
  await page.getByLabel('Language').selectOption('es');
  await expect(heading(page, 'Cambiar mi correo de inicio de sesión')).toBeVisible();
  await expect(page.getByLabel('Nuevo correo electrónico')).toHaveValue('half.typed@exam');
});
