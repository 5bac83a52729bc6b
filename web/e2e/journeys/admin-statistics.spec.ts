import { expectAccessible } from '../support/axe.ts';
import { expect, HeldBack, open, test, WORKERS, type Page, type World } from '../support/staff.ts';

type Figures = { invited: number; activated: number; returned: number; mails_sent: number };
type Statistics = {
  licences: { total: number; used: number };
  accounts: Array<{ state: string; reason: string | null; count: number }>;
  months: Array<Figures & { month: string; site_id: string }>;
  totals: Figures;
};

/** Computes the figures, as its schedule would, and gives them. */
async function computed(world: World): Promise<Statistics> {
  await world.run('clientconnect-dev-jobs-compute-statistics');
  return (await world.as(WORKERS.intake)).ask<Statistics>('GET', '/statistics');
}

const numbers = (page: Page) =>
  page.getByRole('table', { name: 'Figures by month and site, newest first', includeHidden: true });

test('from invitation to use, accounts by status, and the months with their table', async ({
  page,
  world,
}) => {
  const { totals, accounts, months, licences } = await computed(world);
  expect(totals.invited).toBeGreaterThan(0);
  await open(page, world, WORKERS.intake, '/accounts/statistics');
  const funnel = page.getByRole('region', { name: 'From invitation to use' });
  await expect(funnel.getByText(`Invited: ${totals.invited}`)).toBeVisible();
  await expect(funnel.getByText(`Activated: ${totals.activated}`)).toBeVisible();
  await expect(funnel.getByText(`Signed in again: ${totals.returned}`)).toBeVisible();

  const statuses = page.getByRole('table', { name: 'Accounts by status' });
  const active = accounts.find(({ state }) => state === 'active')?.count;
  await expect(statuses.getByRole('row', { name: /^Active/ })).toContainText(String(active));
  await expect(statuses.getByRole('row')).toHaveCount(accounts.length + 1);
  await expect(page.getByRole('region', { name: 'Licences' })).toContainText(
    `${licences.used} of ${licences.total} are used`,
  );

  await expect(
    page.getByRole('img', { name: /by month from .* The table below has the numbers/ }),
  ).toBeVisible();
  const summary = page.getByText('The numbers, by month and site');
  if (!(await numbers(page).isVisible())) await summary.click();
  await expect(numbers(page).getByRole('row')).toHaveCount(months.length + 1);
  await expectAccessible(page, 'Statistics');
});

test('another period and one site have their address; the file holds what the table does', async ({
  page,
  world,
}) => {
  const { months, totals } = await computed(world);
  const last = months.at(-1);
  if (!last) throw new Error('nothing was counted');
  await open(page, world, WORKERS.intake, '/accounts/statistics');
  await expect(page.getByRole('heading', { name: 'From invitation to use' })).toBeVisible();
  await page.getByLabel('Home site', { exact: true }).selectOption({ value: last.site_id });
  await page.getByLabel('From', { exact: true }).selectOption({ value: last.month });
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page.getByText(`Invited: ${last.invited}`)).toBeVisible();
  expect(new URL(page.url()).searchParams.get('from')).toBe(last.month);

  const sites = await HeldBack.of(page, '**/api/admin/v1/sites');
  await page.reload();
  await expect(page.getByLabel('From', { exact: true })).toHaveValue(last.month);
  await expect(page.getByText(`Invited: ${last.invited}`)).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as CSV' }).click();
  sites.release();
  const saved = await (await download).createReadStream();
  const lines = Buffer.concat(await saved.toArray())
    .toString()
    .trim()
    .split('\r\n');
  expect(lines[0]).toContain('month,site,invited,activated');
  expect(lines.slice(1)).toHaveLength(1);
  expect(lines[1]).toMatch(new RegExp(`^${last.month},[^,]+,${last.invited},${last.activated},`));

  // An end before the beginning is not asked for.
  await page.getByLabel('Until', { exact: true }).selectOption({ index: 20 });
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page.getByLabel('Until', { exact: true })).toHaveAccessibleDescription(
    /isn’t before the first/,
  );

  await page.goBack();
  await expect(page.getByLabel('Home site', { exact: true })).toHaveValue('');
  await expect(page.getByText(`Invited: ${totals.invited}`)).toBeVisible();

  // What was left behind while it was on its way does not stay.
  const left = await HeldBack.of(page, `**/statistics?*site_id=${last.site_id}`);
  await page.goForward();
  await left.answered;
  await page.goBack();
  left.release();
  await expect(page.getByLabel('Home site', { exact: true })).toHaveValue('');
  await expect(page.getByRole('button', { name: 'Show' })).toBeEnabled();
  await expect(page.getByText(`Invited: ${totals.invited}`)).toBeVisible();
});

test('before anything is counted the page says so; who may not export has no file', async ({
  page,
  world,
}) => {
  await open(page, world, WORKERS.restricted, '/accounts/statistics');
  await expect(page.getByRole('heading', { name: 'From invitation to use' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Download as CSV' })).toHaveCount(0);
  await expectAccessible(page, 'Statistics, restricted');
});
