import { expectAccessible, expectToFit } from '../support/axe.ts';
import { expect, HeldBack, open, test, WORKERS } from '../support/staff.ts';

interface Answer {
  individual: {
    version: number;
    first_name: string;
    last_name: string;
    language: string;
    site_id: string;
    worker_ids: string[];
    external_ids: Record<string, string>;
    communication: { consented_contact_id: string | null };
    contacts: Array<{ value: string; retired: boolean }>;
  };
}

test('My Home: an alert is settled for everybody, and the kind is in the address', async ({
  page,
  world,
}) => {
  await open(page, world, WORKERS.intake);
  await page.getByRole('link', { name: 'Wrong birth date three times' }).click();
  await expect(page).toHaveURL(`${world.admin}/?kind=third_miss`);
  await expect(page.getByRole('link', { name: 'Terrence Hollister' })).toBeVisible();
  await page.getByRole('button', { name: /^Settle: .*Terrence Hollister/ }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('This can’t be undone.');
  await dialog.getByRole('button', { name: 'Settle' }).click();
  await expect(page.getByText('Settled: Wrong birth date three times')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Nothing of this kind' })).toBeVisible();
  const colleague = await world.as(WORKERS.restricted);
  expect(await colleague.ask('GET', '/alerts?kind=third_miss')).toMatchObject({ accounts: [] });
});

test('what was settled stays off a list that had been asked for before', async ({ page, world }) => {
  await open(page, world, WORKERS.intake);
  await expect(page.getByRole('link', { name: 'Terrence Hollister' })).toBeVisible();
  const list = await HeldBack.of(page, '**/alerts?kind=third_miss');
  const arrives = page.waitForResponse('**/alerts?kind=third_miss');
  await page.getByRole('link', { name: 'Wrong birth date three times' }).click();
  await list.answered;
  await page.getByRole('button', { name: /^Settle: .*Terrence Hollister/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Settle' }).click();
  await expect(page.getByText('Settled: Wrong birth date three times')).toBeVisible();
  list.release();
  await arrives;
  await expect(page.getByRole('heading', { name: 'Nothing of this kind' })).toBeVisible();
});

test('an individual is added after a look at the one who may be the same', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/individuals');
  await page.getByRole('link', { name: 'Add individual' }).click();
  await page.getByLabel('First name').fill('Maya');
  await page.getByLabel('Last name').fill('Ferris');
  await page.getByLabel('Birth date').fill('1988-04-12');
  await page.getByRole('textbox', { name: 'Email' }).fill('not an address@');
  await page.getByRole('button', { name: 'Add individual' }).click();
  const email = page.getByRole('textbox', { name: 'Email' });
  await expect(email).toBeFocused();
  await email.fill('another.newcomer@example.org');
  await page.getByLabel('They agree to be written to at this address').check();
  await page.getByRole('button', { name: 'Add individual' }).click();

  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('link', { name: 'Maya Ferris' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Go back' }).click();
  await expect(page.getByLabel('First name')).toHaveValue('Maya');
  await page.getByRole('button', { name: 'Add individual' }).click();
  await dialog.getByRole('button', { name: 'Add as another person' }).click();
  await expect(page.getByText('The individual is added.')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Maya Ferris' })).toBeFocused();
  await expect(page.getByText('Consent to email')).toBeVisible();
});

test('a contact’s change that would end consent says what follows, and can be kept from', async ({
  page,
  world,
}) => {
  const colleague = await world.as(WORKERS.intake);
  const maya = await colleague.find('maya ferris');
  await open(page, world, WORKERS.intake, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Edit: maya.ferris@example.com' }).click();
  await page.getByLabel('Use contact?').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'This ends consent to email' });
  await expect(dialog).toContainText('No one may write to this individual by email any more.');
  await dialog.getByRole('button', { name: 'Go back' }).click();
  const kept = await colleague.ask<Answer>('GET', `/individuals/${maya}`);
  expect(kept.individual.communication.consented_contact_id).toBeTruthy();

  await page.getByRole('button', { name: 'Save' }).click();
  await dialog.getByRole('button', { name: 'Save and end consent' }).click();
  await expect(page.getByText('The contact is saved.')).toBeVisible();
  await expect(page.getByText('Not in use')).toBeVisible();
  const ended = await colleague.ask<Answer>('GET', `/individuals/${maya}`);
  expect(ended.individual.communication.consented_contact_id).toBeFalsy();
});

test('who may not withdraw consent is told, and everything stays', async ({ page, world }) => {
  const maya = await (await world.as(WORKERS.restricted)).find('maya ferris');
  await open(page, world, WORKERS.restricted, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Edit: maya.ferris@example.com' }).click();
  await page.getByLabel('Use contact?').uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(
    page.getByText('it would end the individual’s consent to email and you can’t withdraw that'),
  ).toBeVisible();
  await page.goto(`${world.admin}/individuals/new`);
  await expect(page.getByLabel('Use contact?')).toBeVisible();
  await expect(page.getByLabel('They agree to be written to at this address')).toHaveCount(0);
});

test('contacts are added and removed: deleted, or retired where mail went', async ({ page, world }) => {
  const maya = await (await world.as(WORKERS.intake)).find('maya ferris');
  await open(page, world, WORKERS.intake, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Add contact' }).click();
  const form = page.getByRole('form', { name: 'Add contact' });
  await form.getByRole('combobox', { name: 'Type' }).selectOption('Phone');
  await form.getByRole('textbox', { name: 'Phone' }).fill('+1 416-555-0199');
  await form.getByLabel('Communication instructions').fill('Mornings only');
  await form.getByRole('button', { name: 'Add contact' }).click();
  await expect(page.getByText('The contact is saved.')).toBeVisible();
  await expect(page.getByText('Mornings only')).toBeVisible();

  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Remove: +1 416-555-0199' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('The contact is deleted.')).toBeVisible();
  await page.getByRole('button', { name: 'Remove: maya.ferris@example.com' }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await dialog.getByRole('button', { name: 'Remove and end consent' }).click();
  await expect(page.getByText('The contact is retired')).toBeVisible();
  await page.getByText('Retired contacts: 1').click();
  await expect(page.getByText('maya.ferris@example.com')).toBeVisible();
});

test('two workers edit a profile: nothing is written over unseen', async ({ page, world }) => {
  const colleague = await world.as(WORKERS.restricted);
  const maya = await colleague.find('maya ferris');
  await open(page, world, WORKERS.intake, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Edit profile' }).click();
  await page.getByLabel('Last name').fill('Ferris-North');

  const { individual } = await colleague.ask<Answer>('GET', `/individuals/${maya}`);
  const { version, first_name, language, site_id, worker_ids, external_ids } = individual;
  const profile = { first_name, language, site_id, worker_ids, external_ids };
  await colleague.ask('PUT', `/individuals/${maya}/profile`, {
    version,
    profile: { ...profile, last_name: 'Ferris-South', gender: 'as they say' },
  });

  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Somebody else changed this profile meanwhile');
  await expect(page.getByRole('alert')).toContainText('Taken over from what is saved: Gender');
  await expect(page.getByLabel('Last name', { exact: true })).toHaveValue('Ferris-North');
  await expect(page.getByText('Saved meanwhile: Ferris-South')).toBeVisible();
  const unchanged = await colleague.ask<Answer>('GET', `/individuals/${maya}`);
  expect(unchanged.individual.last_name).toBe('Ferris-South');

  await page.getByRole('button', { name: 'Keep what I typed' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Maya Ferris-North' })).toBeVisible();
  await expect(page.getByText('as they say')).toBeVisible();
});

test('a change elsewhere in the record stands in nobody’s way', async ({ page, world }) => {
  const colleague = await world.as(WORKERS.restricted);
  const maya = await colleague.find('maya ferris');
  await open(page, world, WORKERS.intake, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Edit profile' }).click();
  await page.getByLabel('Called').fill('May');
  const contact = { kind: 'phone', value: '+1 416-555-0111', use_contact: true };
  await colleague.ask('POST', `/individuals/${maya}/contacts`, { contact });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The profile is saved.')).toBeVisible();
  await expect(page.getByText('+1 416-555-0111')).toBeVisible();
});

test('correcting the birth date of an invited client gives new tries', async ({ page, world }) => {
  const { external_id: id } = await world.client('Pending: invited yesterday');
  const colleague = await world.as(WORKERS.intake);
  const { individuals } = await colleague.ask<{ individuals: Array<{ individual_id: string }> }>(
    'POST',
    '/individuals/search',
    { external_id: { source: 'demo', id } },
  );
  await open(page, world, WORKERS.intake, `/individuals/${individuals[0]?.individual_id}`);
  await page.getByRole('button', { name: 'Correct birth date' }).click();
  await expect(page.getByText('the client has 3 tries again')).toBeVisible();
  await page.getByRole('form', { name: 'Birth date' }).getByLabel('Birth date').fill('1900-01-01');
  await page.getByRole('button', { name: 'Save birth date' }).click();
  await expect(page.getByText('This is the agency’s default birth date')).toBeVisible();
  await expect(page.getByText('January 1, 1900').first()).toBeVisible();
});

test('leaving a form with something typed asks first', async ({ page, world }) => {
  const maya = await (await world.as(WORKERS.intake)).find('maya ferris');
  await open(page, world, WORKERS.intake, `/individuals/${maya}`);
  await page.getByRole('button', { name: 'Edit profile' }).click();
  await page.getByLabel('Called').fill('May');
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('link', { name: 'Individuals' }).first().click();
  await expect(page.getByLabel('Called')).toHaveValue('May');
});

test('results, forms and questions are for everyone, too', async ({ page, world }) => {
  for (const colorScheme of ['light', 'dark'] as const) await look(colorScheme);

  async function look(colorScheme: 'light' | 'dark') {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.context().clearCookies();
    await open(page, world, WORKERS.intake, '/individuals');
    await page.getByRole('searchbox', { name: /Find by name/ }).fill('maya ferris');
    const maya = page.getByRole('link', { name: 'Maya Ferris' }).first();
    await expect(maya).toBeVisible();
    await expectAccessible(page, `results, ${colorScheme}`);
    await maya.click();
    await page.getByRole('button', { name: 'Edit profile' }).click();
    await page.getByRole('button', { name: /^Edit: .*@/ }).click();
    await expectAccessible(page, `forms, ${colorScheme}`);
    await expectToFit(page, `forms, ${colorScheme}`);
    await page.getByLabel('Use contact?').uncheck();
    await page
      .getByRole('form', { name: /^Edit contact/ })
      .getByRole('button', { name: 'Save' })
      .click();
    await expect(page.getByRole('dialog', { name: 'This ends consent to email' })).toBeVisible();
    await expectAccessible(page, `a question, ${colorScheme}`);
    page.once('dialog', (dialog) => dialog.accept());
  }
});
