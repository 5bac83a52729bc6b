import { expectAccessible } from '../support/axe.ts';
import { expect, navigation, open, signIn, test, WORKERS, type Page, type World } from '../support/staff.ts';
import { codeAt } from '../support/totp.ts';

/** Goes from the password to the recovery codes, and gives them and the app's key. */
async function enrol(page: Page, world: World, password: string): Promise<{ key: string; codes: string[] }> {
  await page.getByRole('textbox', { name: 'Your password' }).fill(password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('heading', { name: 'Add ClientConnect to your app' })).toBeFocused();
  await expect(page.getByRole('img', { name: /key for your authenticator app/ })).toBeVisible();
  const key = await page.getByText('Or type this key into it:').getByRole('code').innerText();
  await expectAccessible(page, 'Second factor, key');
  await page.getByRole('textbox', { name: 'Code' }).fill('000000');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('textbox', { name: 'Code' })).toBeFocused();
  await page.getByRole('textbox', { name: 'Code' }).fill(codeAt(key, await world.now()));
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeFocused();
  await expectAccessible(page, 'Recovery codes');
  const codes = await page.getByRole('listitem').getByRole('code').allInnerTexts();
  expect(codes).toHaveLength(10);
  return { key, codes };
}

async function signInWith(page: Page, code: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Code' });
  await expect(field).toBeFocused();
  await field.fill(code);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function signOut(page: Page, world: World): Promise<void> {
  await navigation(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await page.goto(world.admin);
}

test('a second factor of one’s own choice: app, recovery codes, a new phone, and its reset', async ({
  page,
  world,
}) => {
  await open(page, world, WORKERS.clinical, '/me');
  await page.getByRole('link', { name: 'Set up a second factor' }).click();
  const { key, codes } = await enrol(page, world, WORKERS.clinical.password);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const saved = Buffer.concat(await (await (await download).createReadStream()).toArray()).toString();
  expect(saved.trim().split(/\s+/)).toEqual(codes);
  await page.getByRole('button', { name: 'I have kept my recovery codes' }).click();
  await expect(page.getByText('Recovery codes left: 10.')).toBeVisible();

  await page.context().clearCookies();
  await page.goto(world.admin);
  await signIn(page, WORKERS.clinical);
  await signInWith(page, '000000');
  await expect(page.getByRole('textbox', { name: 'Code' })).toBeFocused();
  await expectAccessible(page, 'Sign in, wrong code');
  await world.advance(60);
  await signInWith(page, codeAt(key, await world.now()));
  await expect(page.getByRole('heading', { level: 1, name: 'My Home' })).toBeVisible();

  // Each recovery code once, and the worker is told.
  await page.context().clearCookies();
  await page.goto(world.admin);
  await signIn(page, WORKERS.clinical);
  await signInWith(page, codes[0] ?? '');
  await expect(page.getByRole('heading', { level: 1, name: 'My Home' })).toBeVisible();
  await world.mails(WORKERS.clinical.email);
  await page.goto(`${world.admin}/me`);
  await expect(page.getByText('Recovery codes left: 9.')).toBeVisible();
  await page.getByRole('button', { name: 'New recovery codes…' }).click();
  await page.getByRole('textbox', { name: 'Your password' }).fill(WORKERS.clinical.password);
  await page.getByRole('textbox', { name: 'Code' }).fill(codes[0] ?? '');
  await page.getByRole('button', { name: 'Get new recovery codes' }).click();
  await expect(page.getByRole('textbox', { name: 'Code' })).toBeFocused();
  await world.advance(60);
  await page.getByRole('textbox', { name: 'Code' }).fill(codeAt(key, await world.now()));
  await page.getByRole('button', { name: 'Get new recovery codes' }).click();
  await expect(page.getByRole('heading', { name: 'Your recovery codes' })).toBeFocused();
  await page.getByRole('button', { name: 'I have kept my recovery codes' }).click();
  await expect(page.getByText('Recovery codes left: 10.')).toBeVisible();

  // Another phone takes over from the first.
  await page.getByRole('link', { name: 'Use another app or phone…' }).click();
  await world.advance(60);
  await page.getByRole('textbox', { name: 'Code' }).fill(codeAt(key, await world.now()));
  const other = await enrol(page, world, WORKERS.clinical.password);
  expect(other.key).not.toBe(key);
  await page.getByRole('button', { name: 'I have kept my recovery codes' }).click();

  // App and codes lost: a System Administrator resets it.
  await page.context().clearCookies();
  await page.goto(`${world.admin}/workers`);
  await signIn(page, WORKERS.systemAdministrator);
  await page.getByRole('link', { name: 'Carmen Ibáñez' }).click();
  await page.getByRole('button', { name: 'Reset second factor…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reset second factor' }).click();
  await expect(page.getByText('second factor is reset.')).toBeVisible();
  await expect(world.as(WORKERS.clinical)).resolves.toBeTruthy();
});

test('where it is required, the first sign-in leads to it and to nothing else', async ({ page, world }) => {
  // The demo leaves it to each worker; that the API refuses everything else until then is tested there.
  await page.route('**/api/admin/v1/me', async (route) => {
    const response = await route.fetch();
    if (!response.ok()) return route.fulfill({ response });
    const me = (await response.json()) as { second_factor: object };
    const json = { ...me, second_factor: { ...me.second_factor, required: true } };
    return route.fulfill({ response, json });
  });
  await page.goto(`${world.admin}/individuals`);
  await signIn(page, WORKERS.intake);
  await expect(page.getByRole('heading', { level: 1, name: 'Set up your second factor' })).toBeVisible();
  await expect(page.getByRole('navigation')).toHaveCount(0);
  await expectAccessible(page, 'Second factor, required');
  await enrol(page, world, WORKERS.intake.password);
  await page.getByRole('button', { name: 'I have kept my recovery codes' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Individuals' })).toBeVisible();
  await signOut(page, world);
  await signIn(page, WORKERS.intake);
  await expect(page.getByRole('textbox', { name: 'Code' })).toBeFocused();
});
