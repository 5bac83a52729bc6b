import { expectAccessible } from '../support/axe.ts';
import { activate } from '../support/activate.ts';
import { expect, open as openPage, test, WORKERS, type Page, type World } from '../support/staff.ts';

/** Of the demo: somebody with consent to email and without an account. */
const MAYA = {
  name: 'Maya Ferris',
  email: 'maya.ferris@example.com',
  birth_date: '1988-04-12',
  password: 'walnut-canal-ember-51',
};
/** Without consent to email. */
const HARRIET = { name: 'Harriet Quill', email: 'harriet.quill@example.com' };

/** Opens a tab of an individual, as a worker who comes from the list would. */
async function open(
  page: Page,
  world: World,
  name: string,
  tab = 'messages',
  worker: { email: string; password: string } = WORKERS.intake,
): Promise<string> {
  const id = await (await world.as(worker)).find(name);
  await openPage(page, world, worker, `/individuals/${id}/${tab}`);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  return id;
}

const account = (page: Page) => page.getByRole('region', { name: 'ClientConnect', exact: true });
const mails = (page: Page) => page.getByRole('region', { name: 'Mails' });
const dialog = (page: Page) => page.getByRole('dialog');
const button = (page: Page, name: string) => account(page).getByRole('button', { name, exact: true });

/** Does what a button offers, and confirms it. */
async function act(page: Page, name: string, says: string | RegExp): Promise<void> {
  await button(page, name).click();
  await expect(dialog(page)).toContainText(says);
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
}

test('created, mailed, activated: each step shows', async ({ page, world }) => {
  await open(page, world, MAYA.name);
  await expect(account(page)).toContainText('No account');
  await button(page, 'Create').click();
  await expect(dialog(page).getByLabel('Sign-in email')).toHaveValue(MAYA.email);
  await expectAccessible(page, 'Create');
  await dialog(page).getByRole('button', { name: 'Create' }).click();

  await expect(page.getByRole('status').filter({ hasText: 'The account is created.' })).toContainText(
    `on its way to ${MAYA.email}`,
  );
  await expect(account(page)).toContainText('Pending');
  await expect(account(page)).toContainText('3 of 3');
  // Without anybody's doing: the mail goes out, and is delivered.
  const row = mails(page).getByRole('row', { name: /Activation/ });
  await expect(row).toContainText('Delivered');
  await expect(row).toContainText(MAYA.email);

  await activate(world, MAYA);
  await account(page).getByRole('button', { name: 'Refresh' }).click();
  await expect(account(page)).toContainText('The client has activated the account');
  await expect(button(page, 'Resend')).toHaveCount(0);

  await page.getByRole('link', { name: 'History' }).click();
  const history = page.getByRole('table');
  await expect(history.getByRole('row', { name: /The client activated the account/ })).toContainText(
    'Pending → Active',
  );
  await expect(history.getByRole('row', { name: /Ingrid Solberg created the account/ })).toContainText(
    'No account → Pending',
  );
  await expect(history.getByRole('row', { name: /Ingrid Solberg created/ })).toContainText(/E[SD]T/);
});

test('Create by keyboard alone', async ({ page, world }) => {
  await open(page, world, MAYA.name);
  await button(page, 'Create').focus();
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByLabel('Sign-in email')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expect(button(page, 'Create')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(account(page)).toContainText('Pending');
  await expect(account(page).getByRole('heading', { name: 'ClientConnect', exact: true })).toBeFocused();
});

test('another address has to be confirmed, and a taken one is refused where it was typed', async ({
  page,
  world,
}) => {
  const taken = (await world.client('Active:')).email;
  await open(page, world, MAYA.name);
  await button(page, 'Create').click();
  const email = dialog(page).getByLabel('Sign-in email');
  const check = dialog(page).getByLabel('I have checked this address with the client');
  await expect(check).toHaveCount(0);

  await email.fill(taken);
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await expect(check).toBeFocused();
  await check.check();
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await expect(email).toBeFocused();
  await expect(email).toHaveAccessibleDescription(/Another open account signs in with this email address/);

  await email.fill('maya.elsewhere@example.org');
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await expect(account(page)).toContainText('maya.elsewhere@example.org');
  await world.mails('maya.elsewhere@example.org');
});

test('without consent nothing is mailed, and recording it sends the invitation', async ({ page, world }) => {
  await open(page, world, HARRIET.name);
  await button(page, 'Create').click();
  await expect(dialog(page)).toContainText('No email goes out yet');
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await expect(account(page)).toContainText('Waits for consent');
  await expect(mails(page).getByRole('row', { name: /Activation/ })).toContainText(
    'because there is no consent to email',
  );

  const communication = page.getByRole('region', { name: 'Communication settings' });
  const address = (await account(page).textContent())?.match(/[\w.]+@[\w.]+\.(com|org)/)?.[0] ?? '';
  await communication.getByRole('button', { name: /^Record consent/ }).click();
  await expect(dialog(page)).toContainText('The activation email goes out at once');
  await dialog(page).getByRole('button', { name: 'Record consent' }).click();
  await expect(communication).toContainText('in force for');
  await expect(account(page)).not.toContainText('Waits for consent');
  await world.mails(address);

  await communication.getByRole('button', { name: /^Withdraw consent/ }).click();
  await expect(dialog(page)).toContainText('The link of the invitation stops working');
  await dialog(page).getByRole('button', { name: 'Withdraw consent' }).click();
  await expect(communication).toContainText('No consent to email');
  await communication.locator('summary').click();
  await expect(communication.getByRole('row', { name: /Withdrawn/ })).toContainText('Ingrid Solberg');
});

test('suspend, unlock, force a reset, disable, enable, close', async ({ page, world }) => {
  const client = await world.client('Active:');
  await open(page, world, client.name);
  await act(page, 'Suspend', 'signed out everywhere at once');
  await expect(account(page)).toContainText('suspended by a worker');
  await expect(button(page, 'Suspend')).toHaveCount(0);
  await act(page, 'Unlock', 'can sign in again');
  await expect(account(page)).toContainText('The client has activated the account');
  await act(page, 'Force password reset', client.email);
  await expect(account(page)).toContainText('has to choose a new one');
  await act(page, 'Disable ClientConnect', 'Their password is removed');
  await expect(account(page)).toContainText('Disabled');
  await act(page, 'Enable', 'The same account becomes Pending');
  await expect(account(page)).toContainText('Pending');
  await world.mails(client.email);
  await act(page, 'Close', 'A closed account stays closed');
  await expect(account(page)).toContainText('closed before it was activated');

  await page.getByRole('link', { name: 'History' }).click();
  for (const [did, way] of [
    ['suspended the account', 'Active → Locked, suspended by a worker'],
    ['unlocked the account', 'Locked → Active'],
    ['disabled ClientConnect', 'Active → Disabled'],
    ['enabled ClientConnect', 'Disabled → Pending'],
    ['closed the account before it was activated', 'Pending → Closed'],
  ] as const) {
    await expect(page.getByRole('row', { name: `Ingrid Solberg ${did}` })).toContainText(way);
  }
});

test('Resend while Pending, and after Closed to another address', async ({ page, world }) => {
  const client = await world.client('Pending: invited yesterday');
  const sent = (await world.mails(client.email)).length;
  await open(page, world, client.name);
  await act(page, 'Resend', 'Links in earlier emails stop working');
  await world.mails(client.email, sent + 1);
  await act(page, 'Close', 'The link in the activation email stops working');
  await expect(account(page)).toContainText('closed before it was activated');

  await button(page, 'Resend').click();
  const email = dialog(page).getByLabel('Sign-in email');
  await expect(email).toHaveValue(client.email);
  await email.fill('quentin.new@example.org');
  await dialog(page).getByLabel('I have checked this address with the client').check();
  await dialog(page).getByRole('button', { name: 'Resend' }).click();
  await expect(account(page)).toContainText('quentin.new@example.org');
  await expect(account(page)).toContainText('Pending');
  await expect(page.getByRole('region', { name: 'Closed accounts' })).toContainText(client.email);
  await world.link('quentin.new@example.org', 'activate');
});

test('somebody else was quicker: told, not failed', async ({ page, world }) => {
  const client = await world.client('Active:');
  const id = await open(page, world, client.name);
  await button(page, 'Suspend').click();
  const colleague = await world.as(WORKERS.intake);
  const { account: now } = await colleague.ask<{ account: { account_id: string } }>(
    'GET',
    `/individuals/${id}`,
  );
  await colleague.ask('POST', `/individuals/${id}/accounts/${now.account_id}/close`, {});
  await dialog(page).getByRole('button', { name: 'Suspend' }).click();
  await expect(account(page).getByRole('alert')).toContainText('Nothing was done');
  await expect(account(page).getByRole('alert')).toContainText('Closed, closed by a worker');
  await expect(button(page, 'Suspend')).toHaveCount(0);
  await expect(button(page, 'Create')).toBeVisible();
});

test('what a worker may not do isn’t there, and what can’t be done says why', async ({ page, world }) => {
  const client = await world.client('Active:');
  await open(page, world, client.name, 'messages', WORKERS.restricted);
  await expect(button(page, 'Suspend')).toBeVisible();
  for (const name of ['Close', 'Disable ClientConnect', 'Force password reset', 'Resend', 'Create']) {
    await expect(button(page, name)).toHaveCount(0);
  }
  await expect(page.getByRole('button', { name: /consent/ })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Import', exact: true })).toHaveCount(0);
});

test('Create that is not possible leads to where that is mended; a young client needs a reason', async ({
  page,
  world,
}) => {
  const id = await open(page, world, 'Owen Tallis');
  await expect(button(page, 'Create')).toHaveCount(0);
  await expect(account(page)).toContainText('There is no email contact in use');
  await expect(account(page).getByRole('link', { name: 'Open the profile' })).toHaveAttribute(
    'href',
    `/individuals/${id}`,
  );

  const finn = await (await world.as(WORKERS.intake)).find('Finn Ferris');
  await page.goto(`${world.admin}/individuals/${finn}/messages`);
  await button(page, 'Create').click();
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  const reason = dialog(page).getByLabel('Reason for an exception to the minimum age');
  await expect(reason).toBeFocused();
  await reason.fill('His mother asks for it and is present.');
  await dialog(page).getByRole('button', { name: 'Create' }).click();
  await expect(account(page)).toContainText('Pending');
});

test('an alert is settled', async ({ page, world }) => {
  const client = await world.client('Closed: three wrong birth dates');
  await open(page, world, client.name);
  const settle = account(page).getByRole('button', { name: /^Settled/ });
  await settle.click();
  await expect(settle).toHaveCount(0);
});
