import { signInToPortal } from '../support/portal.ts';
import { save, setUp } from '../support/settings.ts';
import { expect, test, type Page } from '../support/world.ts';

const brandOf = (page: Page) =>
  page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--brand').trim());

test('the agency’s colours and pictures show, in light and in dark', async ({ page, world }) => {
  await save(world, 'theme', () => ({
    theme: { brand: '#7a1fa2', brand_dark: '#d9b3ff', corners: 'square' },
  }));
  await save(world, 'images', ({ images }) => ({
    logo: 'keep',
    tiles: { ...(images as { tiles: object }).tiles, my_client_connect: 4 },
  }));
  await signInToPortal(page, world, await world.client('Active: signs in'));
  expect(await brandOf(page)).toBe('#7a1fa2');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await brandOf(page)).toBe('#d9b3ff');
  const tile = page.getByRole('listitem').filter({ hasText: 'My ClientConnect' });
  await expect(tile.locator('img')).toHaveAttribute('src', '/tiles/my_client_connect/4.svg');
});

test('when somebody is there is said beside how to reach them', async ({ page, world }) => {
  await setUp(world, (setup) => {
    setup.advanced.availability = [
      { day: 'tuesday', from: '13:00', to: '19:30' },
      { day: 'wednesday', from: '13:00', to: '19:30' },
    ];
  });
  await signInToPortal(page, world, await world.client('Active: signs in'));
  const main = page.getByRole('main');
  await expect(main.getByText('Tuesday to Wednesday')).toBeVisible();
  await expect(main.getByText(/1:00 p\.m\. to 7:30 p\.m\./)).toBeVisible();
  await expect(main.getByText('Toronto time')).toBeVisible();
});

test('newer texts are read and accepted before the sign-in goes on (A5)', async ({ page, world }) => {
  const client = await world.client('Active: signs in');
  await save(world, 'texts/terms', () => ({
    texts: { en: '# Terms\n\nWater the plants on Fridays.', fr: null, es: null },
  }));
  await page.goto(`${world.portal}/sign-in`);
  await page.getByLabel('Email address').fill(client.email);
  await page.getByLabel('Password', { exact: true }).fill(client.password ?? '');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Our texts have changed' })).toBeFocused();
  await page.getByRole('button', { name: 'Accept and sign in' }).click();
  await expect(page.getByLabel('I have read the privacy policy')).toBeFocused();
  await page.getByText('Terms of use', { exact: true }).first().click();
  await expect(page.getByText('Water the plants on Fridays.')).toBeVisible();
  await page.getByLabel('I have read the privacy policy').check();
  await page.getByLabel('I have read the terms of use').check();
  await page.getByRole('button', { name: 'Accept and sign in' }).click();
  await expect(page).toHaveURL(`${world.portal}/`);
  await page.goto(`${world.portal}/account`);
  await expect(page.getByRole('link', { name: 'Terms of use, version 2' })).toBeVisible();
});
