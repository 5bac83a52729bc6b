import { expect, navigation, open, signIn, tabTo, test, WORKERS } from '../support/staff.ts';

test('signs in and finds an individual with the keyboard alone, and comes back to where they were', async ({
  page,
  world,
}) => {
  await page.goto(`${world.admin}/individuals`);
  await expect(page.getByRole('textbox', { name: 'Email' })).toBeFocused();
  await page.keyboard.type(WORKERS.intake.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(WORKERS.intake.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Individuals' })).toBeVisible();

  await tabTo(page, /Find by name/, 'searchbox');
  await page.keyboard.type('fer');
  await expect(page.getByRole('status').filter({ hasText: 'found by name' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  const first = page.locator('[data-row]').first();
  await expect(first).toBeFocused();
  const name = (await first.innerText()).trim();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name })).toBeFocused();
  expect(await page.title()).not.toContain(name.split(' ')[0]);

  await page.goBack();
  await expect(page.getByRole('searchbox', { name: /Find by name/ })).toHaveValue('fer');
  await expect(page.getByRole('link', { name, exact: true })).toBeFocused();
  await page.reload();
  await expect(page.getByRole('searchbox', { name: /Find by name/ })).toHaveValue('fer');
  await expect(page.getByRole('link', { name, exact: true })).toBeVisible();
});

test('the search recognises what is typed, and the header’s leads there', async ({ page, world }) => {
  await open(page, world, WORKERS.intake);
  const quick = page.getByRole('searchbox', { name: 'Find an individual' });
  await quick.fill('maya.ferris@example.com');
  await quick.press('Enter');
  await expect(page.getByRole('link', { name: 'Maya Ferris' })).toBeVisible();
  await expect(page.getByText(/^\d found by email\.$/)).toBeVisible();

  const search = page.getByRole('searchbox', { name: /Find by name/ });
  await search.fill('12 April 1988');
  await expect(page.getByText(/found by birth date/)).toBeVisible();
  await expect(page.getByRole('link', { name: 'Maya Ferris' })).toBeVisible();
  await search.fill('demo:AQ-0001');
  await expect(page.getByText('1 found by id in another system.')).toBeVisible();
  await search.fill('03/04/1990');
  await expect(page.getByText('Type birth dates as year-month-day')).toBeVisible();
  await search.fill('nobody at all');
  await expect(page.getByRole('heading', { name: 'Nobody found' })).toBeVisible();
});

test('every role sees its own pages, and what is not for it is not there', async ({ page, world }) => {
  await open(page, world, WORKERS.systemAdministrator);
  await expect(page.getByRole('heading', { name: 'Workers who can’t sign in' })).toBeVisible();
  let menu = await navigation(page);
  await expect(menu.getByRole('link', { name: 'Workers' })).toBeVisible();
  await expect(menu.getByRole('link', { name: 'Individuals' })).toHaveCount(0);
  await expect(page.getByRole('searchbox')).toHaveCount(0);
  const nothing = page.getByRole('heading', { level: 1, name: 'There is no such page' });
  const { client } = { client: await (await world.as(WORKERS.intake)).find('maya') };
  for (const path of ['/individuals', '/individuals/new', `/individuals/${client}`, '/nothing-at-all']) {
    await page.goto(world.admin + path);
    await expect(nothing).toBeVisible();
  }
  await (await navigation(page)).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();

  await page.goto(`${world.admin}/workers`);
  await signIn(page, WORKERS.clinical);
  await expect(nothing).toBeVisible();
  menu = await navigation(page);
  await expect(menu.getByRole('link', { name: 'Workers' })).toHaveCount(0);
  await menu.getByRole('link', { name: 'Individuals' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Individuals' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Add individual' })).toHaveCount(0);
  // Carmen works with Maya Ferris, not with Terrence Hollister.
  await page.getByRole('searchbox', { name: /Find by name/ }).fill('maya ferris');
  await page.getByRole('link', { name: 'Maya Ferris' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Maya Ferris' })).toBeVisible();
  const another = await (await world.as(WORKERS.intake)).find('terrence hollister');
  await page.goto(`${world.admin}/individuals/${another}`);
  await expect(nothing).toBeVisible();
});

test('a session that ends over an edited form keeps what was typed, out of sight', async ({
  page,
  world,
}) => {
  const maya = await (await world.as(WORKERS.intake)).find('maya ferris');
  await open(page, world, WORKERS.intake, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Edit profile' }).click();
  await page.getByLabel('Called').fill('May');
  await world.advance(16 * 60);
  await page.getByRole('button', { name: 'Save' }).click();

  await expect(page.getByRole('heading', { name: 'Your session has ended' })).toBeVisible();
  await expect(page.getByText('Maya Ferris')).toBeHidden();
  await signIn(page, WORKERS.intake);
  await expect(page.getByText('The profile is saved.')).toBeVisible();
  await expect(page.getByText('called May · born')).toBeVisible();
});

test('a colleague who signs in over somebody else’s page gets one of their own', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/individuals/new');
  await page.getByLabel('First name').fill('Newcomer');
  // What the page asks for by itself would meet the end of the session, too.
  await page.waitForLoadState('networkidle');
  await world.advance(16 * 60);
  await page.getByRole('textbox', { name: 'Email' }).first().fill('newcomer@example.org');
  await page.getByLabel('Last name').fill('Somebody');
  await page.getByRole('button', { name: 'Add individual' }).click();
  await expect(page.getByRole('heading', { name: 'Your session has ended' })).toBeVisible();
  await signIn(page, WORKERS.clinical);
  await expect(page.getByRole('heading', { level: 1, name: 'My Home' })).toBeVisible();
  const colleague = await world.as(WORKERS.intake);
  await expect(colleague.find('newcomer')).rejects.toThrow('nobody');
});

test('a forgotten password is chosen anew by the mailed link', async ({ page, world }) => {
  await page.goto(world.admin);
  await page.getByRole('link', { name: 'Forgotten your password?' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Forgotten your password?' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Email' }).fill(WORKERS.clinical.email);
  await page.getByRole('button', { name: 'Mail me the link' }).click();
  await expect(page.getByText('Look into your mailbox')).toBeVisible();

  const link = await world.link(WORKERS.clinical.email, 'reset');
  await page.goto(link);
  await expect(page).toHaveURL(`${world.admin}/reset`);
  const password = page.getByRole('textbox', { name: 'New password' });
  await password.fill('short');
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await expect(page.getByText('Please choose a longer password')).toBeVisible();
  await expect(password).toBeFocused();
  await password.fill('seven lanterns under the harbour');
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await expect(page.getByRole('heading', { name: 'Your password is changed' })).toBeVisible();

  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, { ...WORKERS.clinical, password: 'seven lanterns under the harbour' });
  await expect(page.getByRole('heading', { level: 1, name: 'My Home' })).toBeVisible();

  await page.goto('about:blank');
  await page.goto(link);
  await page.getByRole('textbox', { name: 'New password' }).fill('another seven lanterns here');
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await expect(page.getByRole('heading', { name: 'This link can’t be used' })).toBeVisible();
});

test('my account: the password, and where I am signed in', async ({ page, world }) => {
  const elsewhere = await world.as(WORKERS.intake);
  await open(page, world, WORKERS.intake, '/me');
  await expect(page.getByText('Intake-Mgmt')).toBeVisible();
  await page.getByRole('button', { name: /^Sign out: / }).click();
  await expect(page.getByText(/^Signed out: /)).toBeVisible();
  await expect(elsewhere.ask('GET', '/me')).rejects.toThrow('401');

  await page.getByRole('textbox', { name: 'Current password' }).fill('not my password at all');
  await page.getByRole('textbox', { name: 'New password' }).fill('seven lanterns under the harbour');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('This is not your current password.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Current password' }).fill(WORKERS.intake.password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('Your password is changed.')).toBeVisible();
  await expect(
    world.as({ ...WORKERS.intake, password: 'seven lanterns under the harbour' }),
  ).resolves.toBeTruthy();
});

test('what one worker searched is not shown to the next at the same computer', async ({ page, world }) => {
  await open(page, world, WORKERS.intake);
  await page.getByRole('searchbox', { name: 'Find an individual' }).fill('maya fer');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Maya Ferris' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Maya Ferris' })).toBeVisible();
  await navigation(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${world.admin}/sign-in`);
  await page.goto(`${world.admin}/`);
  await signIn(page, WORKERS.restricted);
  await expect(page.getByRole('heading', { level: 1, name: 'My Home' })).toBeVisible();

  // Past the page that took the individual's place, to the list.
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Sign in' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('searchbox', { name: /Find by name/ })).toHaveValue('');
  await expect(page.getByRole('link', { name: 'Maya Ferris' })).toHaveCount(0);
});
