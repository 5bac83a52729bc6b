import {
  acceptTexts,
  CHLOE,
  EXPIRE,
  finish,
  invite,
  MAYA,
  PASSWORD,
  signIn,
  typeBirthDate,
} from '../support/entering.ts';
import { expectAccessible, expectToFit } from '../support/axe.ts';
import { expect, test, WORKERS, type Page } from '../support/world.ts';

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const contact = (page: Page) => page.getByRole('main').getByRole('link', { name: '+1 416-555-0100' });

/** All that a browser keeps or tells of a visit, as text. */
async function traces(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { navigation } = window as unknown as { navigation: { entries(): Array<{ url: string }> } };
    return JSON.stringify([
      location.href,
      document.referrer,
      document.title,
      history.state,
      navigation.entries().map(({ url }) => url),
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      performance.getEntriesByType('resource').map(({ name }) => name),
      window.name,
    ]);
  });
}

test('from the mailed link to home', async ({ page, world }) => {
  // Four looks with axe take their time.
  test.slow();
  const { link } = await invite(world, MAYA);
  const secret = link.split('#')[1] ?? '';
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url(), request.headers()['referer'] ?? ''));

  await page.goto(link);
  await expect(heading(page, 'Set up your account')).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Alder Quay Community Services invites you');
  expect(page.url()).toBe(`${world.portal}/activate`);
  await expectAccessible(page, 'what it is');
  await expectToFit(page, 'what it is');

  await page.getByRole('button', { name: 'Start' }).click();
  await expect(heading(page, 'Privacy and terms of use')).toBeFocused();
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByText('To go on, please accept the privacy policy.')).toBeVisible();
  await expect(page.getByLabel('I have read the privacy policy')).toBeFocused();
  await page.getByText('Privacy policy', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'What we keep' })).toBeVisible();
  await expectAccessible(page, 'the texts');
  await expectToFit(page, 'the texts');
  await page.getByLabel('I have read the privacy policy').check();
  await page.getByLabel('I have read the terms of use').check();
  await page.getByRole('button', { name: 'Go on' }).click();

  await typeBirthDate(page, '1988-02-31');
  await expect(page.getByText('This day doesn’t exist')).toBeVisible();
  await expectAccessible(page, 'the birth date');
  await expectToFit(page, 'the birth date');
  await typeBirthDate(page, MAYA.birth_date);

  await expect(heading(page, 'Choose a password')).toBeFocused();
  await page.getByLabel('New password', { exact: true }).fill('maya ferris maya');
  await page.getByRole('button', { name: 'Set up my account' }).click();
  await expect(page.getByText('This password is easy to guess')).toBeVisible();
  await expectAccessible(page, 'the password');
  await expectToFit(page, 'the password');
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await expect(page.getByText('Long and varied.')).toBeVisible();
  const before = await traces(page);
  await page.getByRole('button', { name: 'Set up my account' }).click();

  await page.waitForURL(`${world.portal}/`);
  await expect(page.getByRole('main')).toContainText('Maya');
  for (const kept of [before, await traces(page), asked.join(' ')]) {
    for (const personal of [secret, PASSWORD, encodeURIComponent(PASSWORD), MAYA.birth_date, MAYA.email]) {
      expect(kept).not.toContain(personal);
    }
  }
});

test('in French, by keyboard alone', async ({ page, world }) => {
  const { link } = await invite(world, CHLOE);
  await page.goto(link);
  await expect(heading(page, 'Préparer votre compte')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
  const press = (...keys: string[]) =>
    keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve());
  const tabTo = async (name: string | RegExp, role: 'button' | 'checkbox') => {
    const target = page.getByRole('main').getByRole(role, { name });
    for (let presses = 0; presses < 40; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await press('Tab');
    }
    throw new Error(`${name} can't be reached by Tab`);
  };

  await tabTo('Commencer', 'button');
  await press('Enter');
  await expect(heading(page, 'Confidentialité et conditions d’utilisation')).toBeFocused();
  await press('Tab', 'Enter');
  await expect(page.getByRole('region', { name: 'Politique de confidentialité' })).toBeVisible();
  await tabTo(/politique de confidentialité/, 'checkbox');
  await press('Space');
  await tabTo(/conditions d’utilisation/, 'checkbox');
  await press('Space', 'Enter');
  await expect(heading(page, 'Votre date de naissance')).toBeFocused();
  await press('Tab', '3', 'Tab');
  await page.keyboard.type('septembre');
  await press('Tab', '1', '9', '9', '4', 'Enter');
  await expect(heading(page, 'Choisir un mot de passe')).toBeFocused();
  await press('Tab');
  await page.keyboard.type('girafe sous la pluie orange');
  await press('Enter');
  await page.waitForURL(`${world.portal}/`);
  await expect(page.getByRole('main')).toContainText('Chloé');
});

test('three wrong birth dates close it, with nothing lost before and a way to go on', async ({
  page,
  world,
}) => {
  const { link, worker, individual } = await invite(world, MAYA);
  await page.goto(link);
  await acceptTexts(page);
  await typeBirthDate(page, '1988-04-13');
  await finish(page);
  await expect(page.getByText('Tries left: 2.')).toBeVisible();
  await expect(page.getByLabel('Day')).toHaveValue('13');

  await typeBirthDate(page, '1988-04-14');
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue(PASSWORD);
  await page.getByRole('button', { name: 'Set up my account' }).click();
  await expect(page.getByText('Tries left: 1.')).toBeVisible();

  await typeBirthDate(page, '1988-04-15');
  await page.getByRole('button', { name: 'Set up my account' }).click();
  await expect(heading(page, 'This invitation is closed now')).toBeFocused();
  await expect(contact(page)).toBeVisible();
  await expectAccessible(page, 'the third miss');

  const record = await worker.ask<{ closed_accounts: object[] }>('GET', individual);
  expect(record.closed_accounts[0]).toMatchObject({ state: 'closed', reason: 'wrong_birth_date' });

  await page.goto('about:blank');
  await page.goto(link);
  await expect(heading(page, 'This invitation is closed')).toBeVisible();
});

test('an invitation past its date leads to the agency, who hears that another is wanted', async ({
  page,
  world,
}) => {
  const { link } = await invite(world, MAYA);
  await world.advance(8 * 24 * 3600);
  await world.run(EXPIRE);
  await page.goto(link);
  await expect(heading(page, 'This invitation is closed')).toBeVisible();
  await expect(contact(page)).toBeVisible();
  await expectAccessible(page, 'closed');
  await page.getByRole('button', { name: 'Ask for an invitation' }).click();
  await expect(heading(page, 'We have passed it on')).toBeFocused();
  const worker = await world.as(WORKERS.intake);
  await expect
    .poll(async () => JSON.stringify(await worker.ask('GET', '/alerts')))
    .toMatch(/Ferris.*invitation_asked_for|invitation_asked_for.*Ferris/);
});

test('an older link leads to the newest, which is mailed again', async ({ page, world }) => {
  const { link, worker, account } = await invite(world, MAYA);
  await worker.ask('POST', `${account}/resend`, {});
  await world.mails(MAYA.email, 2);
  await page.goto(link);
  await expect(heading(page, 'There is a newer link')).toBeVisible();
  await page.getByRole('button', { name: 'Mail it again' }).click();
  await expect(heading(page, 'Look in your mailbox')).toBeFocused();

  await page.goto(await world.link(MAYA.email, 'activate', 3));
  await expect(page.getByRole('button', { name: 'Start' })).toBeVisible();
});

test('without consent to email the link says whom to ask', async ({ page, world }) => {
  const { link, worker, individual } = await invite(world, MAYA);
  await worker.ask('PUT', `${individual}/communication-settings`, {
    email_contact_id: null,
    confirmed: true,
  });
  await page.goto(link);
  await expect(heading(page, 'Your permission is needed first')).toBeVisible();
  await expect(contact(page)).toBeVisible();
});

test('opened fifty times, as mail scanners do, the link still works', async ({ page, world }) => {
  const { link } = await invite(world, MAYA);
  const body = JSON.stringify({ token: link.split('#')[1] });
  const headers = { 'content-type': 'application/json', origin: world.portal };
  for (let opened = 0; opened < 50; opened += 1) {
    await page.request.get(link);
    await page.request.post(`${world.portal}/api/portal/v1/links/look`, { headers, data: body });
  }
  await page.goto(link);
  await acceptTexts(page);
  await typeBirthDate(page, MAYA.birth_date);
  await finish(page);
  await page.waitForURL(`${world.portal}/`);

  await page.context().clearCookies();
  await page.goto('about:blank');
  await page.goto(link);
  await expect(heading(page, 'Your account is set up already')).toBeVisible();
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, MAYA.email, PASSWORD);
  await page.waitForURL(`${world.portal}/`);
});

test('the code from the mail does the same, and a slip in it costs nothing', async ({ page, world }) => {
  const { link } = await invite(world, MAYA);
  const secret = link.split('#')[1] ?? '';
  await page.goto(`${world.portal}/sign-in`);
  await page.getByRole('link', { name: 'I have a code' }).click();
  await expectAccessible(page, 'the code');
  await page.getByLabel('Code from the email').fill(secret.slice(0, -3));
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByText('This code doesn’t work')).toBeVisible();
  await expect(page.getByLabel('Code from the email')).toBeFocused();
  await page.getByLabel('Code from the email').fill(secret.toLowerCase().replaceAll('-', ' '));
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByRole('button', { name: 'Start' })).toBeVisible();
});

test('a broken link says so, and offers to type the code', async ({ page, world }) => {
  const { link } = await invite(world, MAYA);
  await page.goto(link.slice(0, -4));
  await expect(heading(page, 'This link doesn’t work')).toBeVisible();
  await page.getByRole('button', { name: 'I have a code' }).click();
  await expect(page.getByLabel('Code from the email')).toBeVisible();
});

test('another language comes with the texts in it, and Back keeps what was typed', async ({
  page,
  world,
}) => {
  const { link } = await invite(world, MAYA);
  await page.goto(link);
  await acceptTexts(page);
  await typeBirthDate(page, MAYA.birth_date);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.goBack();
  await expect(page.getByLabel('Year')).toHaveValue('1988');
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByLabel('I have read the privacy policy')).toBeChecked();

  await page.getByLabel('Language').selectOption('Español');
  await page.getByText('Política de privacidad', { exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Qué guardamos' })).toBeVisible();
  await expect(page.getByLabel('He leído la política de privacidad')).toBeChecked();
  await page.getByRole('button', { name: 'Continuar' }).click();
  await expect(page.getByRole('textbox', { name: 'Año' })).toHaveValue('1988');
  await page.getByRole('button', { name: 'Continuar' }).click();
  await expect(page.getByLabel('Contraseña nueva', { exact: true })).toHaveValue(PASSWORD);
  await page.getByRole('button', { name: 'Preparar mi cuenta' }).click();
  await page.waitForURL(`${world.portal}/`);
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
});

test('offline at the last step, everything stays and the next try succeeds', async ({
  page,
  world,
  context,
}) => {
  const { link } = await invite(world, MAYA);
  await page.goto(link);
  await acceptTexts(page);
  await typeBirthDate(page, MAYA.birth_date);
  await context.setOffline(true);
  await finish(page);
  await expect(page.getByText('What you typed is still here')).toBeVisible();
  await expect(page.getByLabel('New password', { exact: true })).toHaveValue(PASSWORD);
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Set up my account' }).click();
  await page.waitForURL(`${world.portal}/`);
});
