import { enter, PASSWORD, signIn } from '../support/entering.ts';
import { expectAccessible, expectToFit } from '../support/axe.ts';
import { expect, test, WORKERS, type Page } from '../support/world.ts';

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

/** Opens a reset link, which leaves the address at once, and chooses the new password. */
async function choosePassword(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await expect(heading(page, 'Choose a new password')).toBeVisible();
  expect(page.url()).toBe(link.split('#')[0]);
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Save my new password' }).click();
  await expect(heading(page, 'Your new password is saved')).toBeFocused();
}

test('a page that needs a sign-in leads there and back', async ({ page, world }) => {
  const keegan = await world.client('Active:');
  await page.goto(`${world.portal}/account/sessions`);
  await expect(heading(page, 'Sign in')).toBeVisible();
  expect(page.url()).toBe(`${world.portal}/sign-in`);
  await expectAccessible(page, 'signing in');
  await expectToFit(page, 'signing in');
  await signIn(page, keegan.email, keegan.password);
  await page.waitForURL(`${world.portal}/account/sessions`);
});

test('what is wrong is the same for everyone, and the agency is at hand', async ({ page, world }) => {
  const keegan = await world.client('Active:');
  const suspended = await world.client('Locked: suspended');
  await page.goto(`${world.portal}/sign-in`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByLabel('Email address')).toBeFocused();
  await expect(page.getByText('Please type your email address.')).toBeVisible();

  const told: string[] = [];
  for (const [email, password] of [
    [keegan.email, 'not the right one'],
    ['nobody@example.org', 'not the right one'],
    [suspended.email, suspended.password],
  ]) {
    await page.getByLabel('Email address').fill(email ?? '');
    await page.getByLabel('Password', { exact: true }).fill(password ?? '');
    const answered = page.waitForResponse('**/api/portal/v1/session');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await answered;
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
    told.push(await page.getByRole('alert').innerText());
    await expect(page.getByLabel('Email address')).toHaveValue(email ?? '');
  }
  expect(new Set(told).size).toBe(1);
  expect(told[0]).toContain('+1 416-555-0100');
  await expectAccessible(page, 'refused');

  await page.getByLabel('Password', { exact: true }).fill('seen');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('type', 'text');
});

test('a forgotten password: the same answer for everyone, and a mail for whom it concerns', async ({
  page,
  world,
}) => {
  const keegan = await world.client('Active:');
  await page.goto(`${world.portal}/sign-in`);
  await page.getByLabel('Email address').fill('nobody@example.org');
  await page.getByRole('link', { name: 'I forgot my password' }).click();
  await expect(page.getByLabel('Email address')).toHaveValue('nobody@example.org');
  await page.getByRole('button', { name: 'Send me the link' }).click();
  await expect(heading(page, 'Look in your mailbox')).toBeFocused();
  await expect(page.getByText('works until then')).toBeVisible();
  const told = await page.getByRole('main').innerText();
  await expectAccessible(page, 'asked for a link');
  await expectToFit(page, 'asked for a link');

  await page.getByRole('button', { name: 'Type the address again' }).click();
  await page.getByLabel('Email address').fill(keegan.email);
  await page.getByRole('button', { name: 'Send me the link' }).click();
  await expect(heading(page, 'Look in your mailbox')).toBeVisible();
  expect((await page.getByRole('main').innerText()).replace(keegan.email, 'nobody@example.org')).toBe(told);

  const link = await world.link(keegan.email, 'reset');
  await choosePassword(page, link);
  await expectAccessible(page, 'saved');
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, keegan.email, PASSWORD);
  await page.waitForURL(`${world.portal}/`);

  await page.goto(link);
  await expect(heading(page, 'This link doesn’t work any more')).toBeVisible();
  await page.getByRole('link', { name: 'Ask for a new link' }).click();
  await expect(page.getByRole('button', { name: 'Send me the link' })).toBeVisible();
});

test('who asks too often learns when to come back, and loses nothing', async ({ page, world }) => {
  await page.goto(`${world.portal}/forgotten`);
  await page.getByLabel('Email address').fill('nobody@example.org');
  const tooOften = page.getByText('There were too many tries in a short time.');
  for (let asked = 0; asked < 3; asked += 1) {
    await page.getByRole('button', { name: 'Send me the link' }).click();
    await page.getByRole('button', { name: 'Type the address again' }).click();
    await expect(tooOften).toBeHidden();
  }
  await page.getByRole('button', { name: 'Send me the link' }).click();
  await expect(tooOften).toContainText(/You can try again in \d+ (hour|minute)/);
  await expect(page.getByLabel('Email address')).toHaveValue('nobody@example.org');

  await world.advance(3 * 3600);
  await page.getByRole('button', { name: 'Send me the link' }).click();
  await expect(heading(page, 'Look in your mailbox')).toBeVisible();
});

test('a link to choose a password works for an hour', async ({ page, world }) => {
  const keegan = await world.client('Active:');
  await page.goto(`${world.portal}/forgotten`);
  await page.getByLabel('Email address').fill(keegan.email);
  await page.getByRole('button', { name: 'Send me the link' }).click();
  const link = await world.link(keegan.email, 'reset');
  await world.advance(3601);
  await page.goto(link);
  await expect(heading(page, 'The time for this link is over')).toBeVisible();
  await expectAccessible(page, 'expired');

  await page.goto(`${world.portal}/reset`);
  await expect(heading(page, 'Open the link in your email')).toBeVisible();
});

test('where a new password is needed, signing in leads to it', async ({ page, world }) => {
  const gareth = await world.client('Active, and must choose');
  await page.goto(`${world.portal}/sign-in`);
  await signIn(page, gareth.email, gareth.password);
  await expect(page.getByText('a new password is needed')).toBeVisible();
  expect(page.url()).toBe(`${world.portal}/forgotten`);
  await expect(page.getByLabel('Email address')).toHaveValue(gareth.email);
  await page.getByRole('button', { name: 'Send me the link' }).click();
  await expect(heading(page, 'Look in your mailbox')).toBeVisible();
  await expect(page.getByText('works until then')).toBeHidden();
  await choosePassword(page, await world.link(gareth.email, 'reset'));
  await enter(page, world, { email: gareth.email, password: PASSWORD });
});

test('ten wrong passwords lock the account; its mailed link opens it again', async ({ page, world }) => {
  const keegan = await world.client('Active:');
  await page.goto(`${world.portal}/sign-in`);
  for (let tried = 0; tried < 10; tried += 1) {
    const answered = page.waitForResponse('**/api/portal/v1/session');
    await signIn(page, keegan.email, `wrong password ${tried}`);
    expect((await answered).status()).toBe(401);
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  }
  await signIn(page, keegan.email, keegan.password);
  await expect(page.getByRole('alert')).toContainText('your account may be locked');
  await choosePassword(page, await world.link(keegan.email, 'reset'));
  await enter(page, world, { email: keegan.email, password: PASSWORD });
});

test('a client whom the agency suspends meets it at the next step, and is told honestly', async ({
  page,
  world,
}) => {
  const keegan = await world.client('Active:');
  await enter(page, world, keegan);
  await page.goto(`${world.portal}/account/sessions`);
  await expect(page.getByText('This device')).toBeVisible();

  const worker = await world.as(WORKERS.intake);
  const individual = `/individuals/${await worker.find(keegan.name)}`;
  const { account } = await worker.ask<{ account: { account_id: string } }>('GET', individual);
  await worker.ask('POST', `${individual}/accounts/${account.account_id}/suspend`);

  await page.getByLabel('Language').selectOption('Français');
  await expect(heading(page, 'Veuillez vous reconnecter')).toBeFocused();
  await page.getByLabel('Adresse courriel').fill(keegan.email);
  await page.getByLabel('Mot de passe', { exact: true }).fill(keegan.password ?? '');
  await page.getByRole('button', { name: 'Se connecter', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Votre compte est peut-être verrouillé');
  await expect(page.getByRole('alert')).toContainText('+1 416-555-0100');
});
