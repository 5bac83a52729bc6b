import { enter, signIn } from '../support/entering.ts';
import { expectAccessible, expectToFit } from '../support/axe.ts';
import { expect, test, type DemoClient, type Page, type World } from '../support/world.ts';

const MINUTE = 60;
const again = (page: Page) => page.getByRole('heading', { level: 1, name: 'Please sign in again' });
const newEmail = (page: Page) => page.getByLabel('New email address');

/** A client on a page with something typed on it. */
async function type(page: Page, world: World, who: DemoClient): Promise<void> {
  await enter(page, world, who);
  await page.goto(`${world.portal}/account/email`);
  await newEmail(page).fill('keegan.new@example.org');
}

test('the end is announced, more time can be had, and after the end everything is as it was', async ({
  page,
  world,
}) => {
  const keegan = await world.client('Active:');
  await page.clock.install();
  await type(page, world, keegan);
  const warning = page.getByRole('dialog', { name: 'Are you still there?' });

  await page.clock.fastForward(13.5 * MINUTE * 1000);
  await expect(warning).toContainText('Time left: 1 minute');
  await expectAccessible(page, 'the warning');
  await expectToFit(page, 'the warning');
  await warning.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(warning).toBeHidden();

  await page.clock.fastForward(13.5 * MINUTE * 1000);
  await expect(warning).toBeVisible();
  await world.advance(20 * MINUTE);
  await page.clock.fastForward(3 * MINUTE * 1000);
  await expect(again(page)).toBeFocused();
  await expect(warning).toBeHidden();
  await expect(newEmail(page)).toBeHidden();
  expect(await page.getByRole('main').innerText()).not.toContain(keegan.email);
  await expectAccessible(page, 'ended');
  await expectToFit(page, 'ended');

  await signIn(page, keegan.email, keegan.password);
  await expect(newEmail(page)).toHaveValue('keegan.new@example.org');
  await expect(again(page)).toBeHidden();
});

test('a device that slept finds the page out of sight', async ({ page, world }) => {
  await page.clock.install();
  await type(page, world, await world.client('Active:'));
  await world.advance(3600);
  await page.clock.setSystemTime(Date.now() + 3600 * 1000);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect(again(page)).toBeVisible();
});

test('what was being sent when the session ended is sent after signing in', async ({ page, world }) => {
  const keegan = await world.client('Active:');
  await type(page, world, keegan);
  await page.getByLabel('Your password', { exact: true }).fill(keegan.password ?? '');
  await world.advance(20 * MINUTE);
  await page.getByRole('button', { name: 'Send me the code' }).click();
  await expect(again(page)).toBeVisible();
  await expect(page.getByLabel('Your password', { exact: true })).toHaveValue('');
  await expect(newEmail(page)).toHaveValue('keegan.new@example.org');
  await signIn(page, keegan.email, keegan.password);
  await world.mails('keegan.new@example.org');
  await expect(page.getByLabel('Code', { exact: true })).toBeVisible();
});

test('somebody else who signs in over the page sees nothing of it', async ({ page, world }) => {
  const [keegan, zara] = [await world.client('Active:'), await world.client('Active, in Spanish')];
  await type(page, world, keegan);
  await page.getByLabel('Your password', { exact: true }).fill(keegan.password ?? '');
  await world.advance(20 * MINUTE);
  await page.getByRole('button', { name: 'Send me the code' }).click();
  await expect(again(page)).toBeVisible();
  await signIn(page, zara.email, zara.password);
  await page.waitForURL(`${world.portal}/`);
  await expect(page.getByRole('main')).toContainText('Mónica');
  expect(await page.content()).not.toContain('keegan');
  await page.goBack();
  await expect(page.getByRole('main')).not.toContainText('keegan');
});

test('all tabs leave together', async ({ page, world, context }) => {
  const keegan = await world.client('Active:');
  await enter(page, world, keegan);
  const other = await context.newPage();
  await other.goto(`${world.portal}/account/sessions`);
  await expect(other.getByText('This device')).toBeVisible();

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  for (const tab of [page, other]) {
    await tab.waitForURL(`${world.portal}/signed-out`);
    await expect(tab.getByRole('heading', { level: 1, name: 'You are signed out' })).toBeVisible();
  }
  await expectAccessible(page, 'signed out');
  await other.goBack();
  await expect(other.getByText('This device')).toBeHidden();
});

test('one tab ends, all do; one is signed in again, all are', async ({ page, world, context }) => {
  const keegan = await world.client('Active:');
  await enter(page, world, keegan);
  const other = await context.newPage();
  await type(other, world, keegan);
  await world.advance(20 * MINUTE);
  await page.getByLabel('Language').selectOption('Français');
  await expect(page.getByRole('heading', { level: 1, name: 'Veuillez vous reconnecter' })).toBeVisible();
  await expect(again(other)).toBeVisible();
  await signIn(other, keegan.email, keegan.password);
  await expect(newEmail(other)).toHaveValue('keegan.new@example.org');
  await expect(page.getByRole('main')).toContainText('Keegan');
});

test('signing out without a connection is honest, and goes on by itself', async ({
  page,
  world,
  context,
}) => {
  await type(page, world, await world.client('Active:'));
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'You are not signed out yet' })).toBeVisible();
  await expect(newEmail(page)).toBeHidden();
  await context.setOffline(false);
  await page.waitForURL(`${world.portal}/signed-out`);
  await page.goto(`${world.portal}/account/email`);
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
});

test('somebody else who signs in on the same page, without a reload, sees nothing of the former', async ({
  page,
  world,
}) => {
  const [keegan, monica] = [await world.client('Active:'), await world.client('Active, in Spanish')];
  await enter(page, world, keegan);
  // As a link in a help article leads there: what was loaded for the first is still in memory.
  await page.evaluate(() => {
    const link = Object.assign(document.createElement('a'), { href: '/sign-in' });
    document.querySelector('main')?.append(link);
    link.click();
  });
  await page.waitForURL(`${world.portal}/sign-in`);
  await signIn(page, monica.email, monica.password);
  await expect(page.getByRole('main')).toContainText('Mónica');
  expect(await page.content()).not.toContain('keegan');
});
