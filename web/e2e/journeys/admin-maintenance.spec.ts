import { activate } from '../support/activate.ts';
import { expectAccessible } from '../support/axe.ts';
import { expect, navigation, open, tabTo, test, WORKERS, type Page, type World } from '../support/staff.ts';

type Job = { job_id: string; state: string };

/** Bulk work takes its time; bulk activation is as slow as mail may go. */
const PATIENCE = { timeout: 40_000 };

const dialog = (page: Page) => page.getByRole('dialog');
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const found = (page: Page) => page.getByRole('table', { name: 'Accounts found' });
const rows = (page: Page) =>
  found(page)
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader') });
const fact = (page: Page, term: string) =>
  page.getByRole('term').filter({ hasText: term }).locator('xpath=following-sibling::dd');
/** How many a group of a job has. */
const group = (page: Page, name: string) =>
  page.getByRole('region', { name: 'In groups' }).getByRole('heading', { name });
const reason = (page: Page, why: string) =>
  page.getByRole('region', { name: 'In groups' }).getByRole('row').filter({ hasText: why });

async function tab(page: Page, name: 'Status' | 'Maintenance' | 'Statistics'): Promise<void> {
  const tabs = page.getByRole('navigation', { name: 'ClientConnect Accounts Maintenance' });
  await tabs.getByRole('link', { name }).click();
  await expect(tabs.getByRole('link', { name })).toHaveAttribute('aria-current', 'page');
}

/** From a job to the Status tab. */
async function tabStatus(page: Page): Promise<void> {
  const above = page.getByRole('navigation', { name: 'Breadcrumbs' });
  await above.getByRole('link', { name: 'ClientConnect Accounts Maintenance' }).click();
  await expect(button(page, 'Go')).toBeVisible();
}

/** Searches for accounts by status. */
async function search(page: Page, ...statuses: string[]): Promise<void> {
  await button(page, 'Clear').click();
  for (const status of statuses) await page.getByRole('checkbox', { name: status, exact: true }).check();
  await button(page, 'Go').click();
}

async function dryRunIsDone(page: Page): Promise<void> {
  await expect(page.getByText('The dry run is done. Nothing has been changed.')).toBeVisible(PATIENCE);
}

/** Applies the dry run that is open, once the dialog has said this, and waits for the job's end. */
async function apply(page: Page, confirm: string, says: string | RegExp): Promise<void> {
  await button(page, 'Apply…').click();
  await expect(dialog(page)).toContainText(says);
  await dialog(page).getByRole('button', { name: confirm }).click();
  await expect(page.getByText('The job is done.')).toBeVisible(PATIENCE);
}

/** Everybody of one site who can be invited is. Gives the job. */
async function inviteInBulk(world: World): Promise<string> {
  const colleague = await world.as(WORKERS.intake);
  const { sites } = await colleague.ask<{ sites: Array<{ site_id: string; name: string }> }>('GET', '/sites');
  const site_id = sites.find(({ name }) => name === 'Quayside Centre')?.site_id;
  const over = async (job: Job) => {
    await expect
      .poll(async () => (await colleague.ask<Job>('GET', `/bulk-jobs/${job.job_id}`)).state, PATIENCE)
      .toBe('done');
  };
  const dryRun = await colleague.ask<Job>('POST', '/bulk-jobs/activation', { site_id });
  await over(dryRun);
  const job = await colleague.ask<Job>('POST', `/bulk-jobs/${dryRun.job_id}/apply`);
  await over(job);
  return job.job_id;
}

test.describe('with many invited', () => {
  test('fifty are chosen from a search and closed, after a dry run', async ({ page, world }) => {
    await inviteInBulk(world);
    await open(page, world, WORKERS.intake);
    await (await navigation(page)).getByRole('link', { name: 'ClientConnect Accounts Maintenance' }).click();
    await expect(page.getByText(/Licences available: \d+ of 500/)).toBeVisible();
    await search(page, 'Pending');
    await expect(page.getByText('50 or more accounts found.')).toBeVisible();
    await button(page, 'Choose the 50 shown').click();
    await expect(page.getByText('50 accounts chosen.')).toBeVisible();
    await expectAccessible(page, 'Status, chosen');
    await button(page, 'Close…').click();

    await expect(page.getByRole('heading', { level: 1, name: 'Dry run: close accounts' })).toBeVisible();
    await page.reload();
    await dryRunIsDone(page);
    await expect(group(page, 'Would be closed 50')).toBeVisible();
    await button(page, 'Apply…').click();
    await expect(dialog(page).getByRole('heading', { name: 'Close 50 accounts?' })).toBeVisible();
    await expect(dialog(page)).toContainText('This can’t be undone: a closed account stays closed.');
    await expect(dialog(page).getByRole('button', { name: 'Cancel' })).toBeFocused();
    await expectAccessible(page, 'Close fifty');
    await dialog(page).getByRole('button', { name: 'Close 50 accounts' }).click();

    await expect(page.getByRole('heading', { level: 1, name: 'Close accounts' })).toBeVisible();
    await expect(page.getByText('The job is done.')).toBeVisible();
    await expect(group(page, 'Closed 50')).toBeVisible();
    const each = page.getByRole('region', { name: 'One by one' });
    await expect(each.getByRole('row').filter({ hasText: 'Closed' })).toHaveCount(50);
    const download = page.waitForEvent('download');
    await each.getByRole('button', { name: 'Download as CSV' }).click();
    const saved = await (await download).createReadStream();
    const lines = Buffer.concat(await saved.toArray())
      .toString()
      .trimEnd()
      .split('\r\n');
    expect(lines).toHaveLength(51);
    expect(lines[0]).toBe('\uFEFFindividual,account,name,outcome,why,what can be done');

    // Applied once: going back leads to what came of it.
    await page.goBack();
    await page.getByRole('link', { name: 'What came of it' }).click();
    await each.getByRole('link').first().click();
    await expect(page.getByRole('main')).toContainText('closed before it was activated');
  });

  test('all that match are chosen, also those not shown', async ({ page, world }) => {
    await inviteInBulk(world);
    await open(page, world, WORKERS.intake, '/accounts');
    await search(page, 'Pending');
    const download = page.waitForEvent('download');
    await button(page, 'Download all that match as CSV').click();
    const saved = await (await download).createReadStream();
    const [header, ...lines] = Buffer.concat(await saved.toArray())
      .toString()
      .trim()
      .split('\r\n');
    expect(header).toContain('sign-in email,home site,status');
    expect(lines.every((line) => line.includes(',Pending,'))).toBe(true);
    await button(page, 'Choose all that match').click();
    await expect(page.getByText('All accounts that match are chosen, also those not shown.')).toBeVisible();
    await button(page, 'Disable…').click();
    await dryRunIsDone(page);
    const all = Number(await fact(page, 'Accounts concerned').textContent());
    expect(all).toBeGreaterThan(50);
    expect(lines).toHaveLength(all);
    await apply(page, `Disable ${all} accounts`, 'each client is invited again');
    await expect(group(page, `Disabled ${all}`)).toBeVisible();

    await tabStatus(page);
    await search(page, 'Pending');
    await expect(page.getByRole('heading', { name: 'No account fits' })).toBeVisible();
  });

  test('what a bulk activation opened is closed again, but for who has activated', async ({
    page,
    world,
  }) => {
    const job = await inviteInBulk(world);
    await activate(world, {
      email: 'joaquin.penalver@example.com',
      birth_date: '1979-01-27',
      password: 'walnut-canal-ember-51',
    });
    await open(page, world, WORKERS.intake, `/accounts/jobs/${job}`);
    await expect(page.getByText('The job is done.')).toBeVisible();
    const invited = Number((await group(page, 'Invited').textContent())?.match(/\d+/)?.[0]);
    await button(page, 'Close those still Pending…').click();
    await expect(page.getByRole('heading', { level: 1, name: 'Dry run: close accounts' })).toBeVisible();
    await dryRunIsDone(page);
    await expect(group(page, `Would be closed ${invited - 1}`)).toBeVisible();
    await expect(reason(page, 'The account is Active')).toContainText('1');
    await apply(page, `Close ${invited - 1} accounts`, 'Links in activation emails stop working');
    await expect(group(page, `Closed ${invited - 1}`)).toBeVisible();
  });
});

test('bulk activation: who would be invited and who not and why, then the mails', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/accounts');
  await tab(page, 'Maintenance');
  await expect(page.getByText('There has been no bulk work yet.')).toBeVisible();
  const activation = page.getByRole('region', { name: 'Send ClientConnect activation links in bulk' });
  for (const name of [/never had an account/, /did not activate in time/, /cancelled it/]) {
    await activation.getByRole('checkbox', { name }).uncheck();
  }
  await activation.getByRole('button', { name: 'Start the dry run' }).click();
  await expect(activation.getByText('Choose at least one of these.')).toBeVisible();
  for (const name of [/never had an account/, /did not activate in time/, /cancelled it/]) {
    await activation.getByRole('checkbox', { name }).check();
  }
  await activation.getByRole('button', { name: 'Start the dry run' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Dry run: bulk activation' })).toBeVisible();
  await dryRunIsDone(page);
  for (const who of [/Have never had an account/, /did not activate in time/, /a worker cancelled it/]) {
    await expect(
      page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: who }) }),
    ).toHaveText(/\d+\s*$/);
  }
  for (const why of [
    'No consent to email',
    'Shares the email address',
    'Below the minimum age',
    'No email contact in use',
    'Has an open account',
    'Test individual',
    'default birth date',
    'closed by a worker',
  ]) {
    await expect(reason(page, why)).toBeVisible();
  }
  await page.getByLabel('Show').selectOption('Would be left out');
  const each = page.getByRole('region', { name: 'One by one' });
  await expect(each.getByRole('row', { name: 'Would be invited' })).toHaveCount(0);

  const invited = Number((await group(page, 'Would be invited').textContent())?.match(/\d+/)?.[0]);
  await apply(page, `Send ${invited} activation emails`, 'What is mailed can’t be called back.');
  await expect(group(page, `Invited ${invited}`)).toBeVisible();
  await world.link('joaquin.penalver@example.com', 'activate');

  // The same again invites nobody: they all have an account.
  await page
    .getByRole('navigation', { name: 'Breadcrumbs' })
    .getByRole('link', { name: 'Maintenance', exact: true })
    .click();
  const jobs = page.getByRole('table', { name: 'Bulk jobs, newest first' });
  const job = jobs.getByRole('row').filter({
    has: page.getByRole('link', { name: 'Bulk activation', exact: true }),
  });
  await expect(job).toContainText(`Invited: ${invited}`);
  await expect(job).toContainText('Ingrid Solberg');
  await activation.getByRole('button', { name: 'Start the dry run' }).click();
  await dryRunIsDone(page);
  await expect(page.getByText('There is nobody for whom it would be done')).toBeVisible();
  await expect(button(page, 'Apply…')).toHaveCount(0);
});

test('a bulk activation is stopped, says what it did, and goes on where it was', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/accounts/maintenance');
  const activation = page.getByRole('region', { name: 'Send ClientConnect activation links in bulk' });
  await activation.getByRole('button', { name: 'Start the dry run' }).click();
  await dryRunIsDone(page);
  const invited = Number((await group(page, 'Would be invited').textContent())?.match(/\d+/)?.[0]);
  await button(page, 'Apply…').click();
  await dialog(page)
    .getByRole('button', { name: /^Send \d+ activation emails/ })
    .click();
  await button(page, 'Stop').click();
  await expect(page.getByText('The job is stopped. What was done stays done.')).toBeVisible();
  await expect(page.getByText('A worker stopped it.')).toBeVisible();
  await expect(button(page, 'Stop')).toHaveCount(0);
  await expectAccessible(page, 'Stopped');

  await page.reload();
  await expect(page.getByText('The job is stopped. What was done stays done.')).toBeVisible();
  await button(page, 'Resume').click();
  await expect(page.getByText('The job is done.')).toBeVisible(PATIENCE);
  await expect(group(page, `Invited ${invited}`)).toBeVisible();
});

test('all clients have to choose a new password', async ({ page, world }) => {
  const keegan = await world.client('Active:');
  await open(page, world, WORKERS.intake, '/accounts/maintenance');
  await page
    .getByRole('region', { name: 'Force password reset for all ClientConnect users' })
    .getByRole('button', { name: 'Start the dry run' })
    .click();
  await expect(page.getByRole('heading', { level: 1, name: 'Dry run: force password resets' })).toBeVisible();
  await dryRunIsDone(page);
  const all = Number((await group(page, 'Would have to').textContent())?.match(/\d+/)?.[0]);
  await apply(page, `Force ${all} password resets`, 'signed out everywhere at once');
  await expect(group(page, `Must choose a new password ${all}`)).toBeVisible();

  await tabStatus(page);
  await search(page, 'Active');
  const row = rows(page).filter({ hasText: keegan.email });
  await expect(row).toContainText('Must reset password');
});

test('one is chosen and suspended by keyboard alone', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/accounts');
  await tabTo(page, 'Active', 'checkbox');
  await page.keyboard.press('Space');
  await tabTo(page, 'Go', 'button');
  await page.keyboard.press('Enter');
  await expect(rows(page).first()).toBeVisible();
  await tabTo(page, /^Choose Keegan/, 'checkbox');
  await page.keyboard.press('Space');
  await expect(page.getByText('1 account chosen.')).toBeVisible();
  await page.getByRole('heading', { level: 1 }).focus();
  await tabTo(page, 'Suspend…', 'button');
  await page.keyboard.press('Enter');
  await dryRunIsDone(page);
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await tabTo(page, 'Apply…', 'button');
  await page.keyboard.press('Enter');
  await expect(dialog(page).getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(dialog(page).getByRole('button', { name: 'Suspend 1 account' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('The job is done.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Suspend accounts' })).toBeFocused();
  await expect(group(page, 'Suspended 1')).toBeVisible();
});

test('what was looked for stays: in the address what is nobody’s, the rest in the history', async ({
  page,
  world,
}) => {
  await open(page, world, WORKERS.intake, '/accounts');
  await search(page, 'Pending');
  await expect(rows(page).first()).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill('zara hollister');
  await page.getByText('More criteria').click();
  await page.getByLabel('Created from').fill('2020-01-01');
  await page.getByLabel('Email came back').check();
  await button(page, 'Go').click();
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/status=pending&created_from=2020-01-01&bounced=yes$/);

  await rows(page).getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: /Hollister$/ })).toBeVisible();
  await page.goBack();
  await expect(rows(page).getByRole('link', { name: /Hollister$/ })).toBeFocused();
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('zara hollister');

  await page.goBack();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('');
  await expect.poll(() => rows(page).count()).toBeGreaterThan(1);

  // What can't be taken is said where it was typed.
  await page.getByLabel('Email', { exact: true }).fill('nobody');
  await button(page, 'Go').click();
  await expect(page.getByLabel('Email', { exact: true })).toBeFocused();
  await expect(page.getByLabel('Email', { exact: true })).toHaveAccessibleDescription(/\w/);
  await expectAccessible(page, 'Status, refused');
});

test('what a worker may not do isn’t there', async ({ page, world }) => {
  await open(page, world, WORKERS.restricted, '/accounts');
  await search(page, 'Active');
  await expect(rows(page).first()).toBeVisible();
  await expect(found(page).getByRole('checkbox')).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Bulk actions' })).toHaveCount(0);
  await tab(page, 'Maintenance');
  await expect(page.getByRole('heading', { name: 'Recent jobs' })).toBeVisible();
  await expect(button(page, 'Start the dry run')).toHaveCount(0);

  // A colleague's dry run may be read, not applied or taken away.
  const colleague = await world.as(WORKERS.intake);
  const { job_id } = await colleague.ask<Job>('POST', '/bulk-jobs/password-reset', { target: { all: true } });
  await page.goto(`${world.admin}/accounts/jobs/${job_id}`);
  await dryRunIsDone(page);
  await expect(page.getByRole('heading', { name: 'One by one' })).toBeVisible();
  await expect(button(page, /Apply|Download/)).toHaveCount(0);
});

test('who maintains no accounts finds no such pages', async ({ page, world }) => {
  await open(page, world, WORKERS.clinical);
  const nav = await navigation(page);
  await expect(nav.getByRole('link', { name: 'ClientConnect Accounts Maintenance' })).toHaveCount(0);
  for (const path of ['', '/maintenance', '/statistics', '/jobs/job_00000000000000000000000000']) {
    await page.goto(`${world.admin}/accounts${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
  }
  await page.context().clearCookies();
  await open(page, world, WORKERS.intake, '/accounts/jobs/job_00000000000000000000000000');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
});
