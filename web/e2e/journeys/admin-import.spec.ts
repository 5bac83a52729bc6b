import { expectAccessible } from '../support/axe.ts';
import { expect, navigation, open, test, WORKERS, type Page } from '../support/staff.ts';

/** As another system might export it: other names, other separators, more than is wanted. */
const EXPORT = `Client Number;Given Name;Surname;DOB;E-mail;Marital Status
A-1;Nia;Brandt;1990-02-03;nia.brandt@example.org;single
A-2;Oskar;Lind;03/04/1985;oskar.lind@example.org;married
A-3;;Nobody;1970-01-01;;
A-4;Maya;Ferris;1988-04-12;maya.other@example.org;"it is; complicated"
A-5;cut off
`;

const file = (content: string | Uint8Array, name = 'export.csv') => ({
  name,
  mimeType: 'text/csv',
  buffer: Buffer.from(content as string),
});

async function choose(page: Page, content: string | Uint8Array, name?: string): Promise<void> {
  await page.getByLabel('CSV file').setInputFiles(file(content, name));
}

const fact = (page: Page, term: string) =>
  page.getByRole('term').filter({ hasText: term }).locator('xpath=following-sibling::dd');
const report = (page: Page) => page.getByRole('region', { name: 'Report' });

test('a file of another system: columns, dry run, reload, apply', async ({ page, world }) => {
  await open(page, world, WORKERS.intake);
  await (await navigation(page)).getByRole('link', { name: 'Import' }).click();
  await choose(page, EXPORT);
  await expect(page.getByRole('heading', { name: '2. Columns' })).toBeFocused();
  const column = (name: string) => page.getByRole('combobox', { name });
  const chosen = (name: string) => column(name).locator('option:checked');
  await expect(chosen('Client Number')).toHaveText('ID in the other system (required)');
  await expect(chosen('Given Name')).toHaveText('First name (required)');
  await expect(chosen('DOB')).toHaveText('Date of birth');
  await expect(chosen('Marital Status')).toHaveText('Left out: not uploaded');
  await expect(page.getByRole('row', { name: /^Surname/ })).toContainText('Brandt · Lind');
  await expectAccessible(page, 'Import, columns');

  // What is required is asked for before anything is uploaded.
  await column('Surname').selectOption('Left out: not uploaded');
  await page.getByRole('button', { name: 'Start the dry run' }).click();
  await expect(page.getByText('Choose which column is: Last name.')).toBeVisible();
  await column('Surname').selectOption('Last name (required)');
  const source = page.getByLabel('Name of the other system');
  await page.getByRole('button', { name: 'Start the dry run' }).click();
  await expect(source).toBeFocused();
  await source.fill('records');
  await page.getByRole('button', { name: 'Start the dry run' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Dry run of an import' })).toBeVisible();
  await page.reload();
  await expect(page.getByText('The dry run is done. Nothing has been changed.')).toBeVisible();
  await expect(fact(page, 'Would be added')).toHaveText('2');
  await expect(fact(page, 'Would be refused')).toHaveText('3');
  await expect(fact(page, 'Same name and date of birth')).toHaveText('1');
  const row = (number: number) =>
    report(page)
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: String(number), exact: true }) });
  await expect(row(3)).toContainText('Date of birth:');
  await expect(row(4)).toContainText('First name:');
  await expect(row(5)).toContainText('Somebody else has the same name and date of birth');
  await expect(row(6)).toContainText('more or fewer fields');
  await expect(row(2)).toHaveCount(0);
  await report(page).getByLabel('Show').selectOption('All rows');
  await expect(row(2)).toContainText('Would be added');
  await expectAccessible(page, 'Dry run');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as CSV' }).click();
  const saved = await (await download).createReadStream();
  const text = Buffer.concat(await saved.toArray()).toString();
  expect(text).toContain('row,outcome,column,what,record');
  expect(text).toMatch(/3,refused,birth_date,/);

  await page.getByRole('button', { name: 'Apply' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('2 individuals are added');
  await expect(dialog).toContainText('3 refused rows are left out');
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('The import is done.')).toBeVisible();
  await expect(fact(page, 'Added')).toHaveText('2');
  await report(page).getByLabel('Show').selectOption('All rows');
  await row(2).getByRole('link', { name: 'Open the individual of row 2' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Nia Brandt' })).toBeVisible();

  // Going back applies nothing twice.
  await page.goBack();
  await expect(page.getByText('The import is done.')).toBeVisible();
});

test('a file that can’t be used says what to do', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/import');
  const input = page.getByLabel('CSV file');
  for (const [content, says] of [
    [new Uint8Array([0x50, 0x4b, 3, 4, 20, 0]), /This is a spreadsheet.*CSV UTF-8/],
    [Buffer.from('ID;Prénom\n1;Zoë\n', 'latin1'), /isn’t in UTF-8/],
    ['A-1,Nia,1990-02-03\nA-2,Li,1991-02-03\n', /first line of this file looks like data/],
    ['', /This file is empty/],
  ] as const) {
    await choose(page, content, 'clients.xlsx');
    await expect(input).toHaveAccessibleDescription(says);
    await expect(page.getByRole('button', { name: 'Start the dry run' })).toHaveCount(0);
  }
  await expectAccessible(page, 'Import, unusable file');
});

test('an import of nobody’s is not there', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/import/job_00000000000000000000000000');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
});
