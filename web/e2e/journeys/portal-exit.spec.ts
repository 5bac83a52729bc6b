import { isSignedIn, signInToPortal } from '../support/portal.ts';
import { expect, test, type Page, type World } from '../support/world.ts';

const NEUTRAL = 'https://www.wikipedia.org/';

/** The neutral site, as far as this test goes. */
async function beside(page: Page): Promise<void> {
  await page
    .context()
    .route(`${NEUTRAL}**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>Elsewhere</title><h1>Elsewhere</h1>' }),
    );
}

/** Where the client is after some pages, with more than one entry in the browser's history. */
async function inside(page: Page, world: World): Promise<void> {
  await beside(page);
  await signInToPortal(page, world, await world.client('Active: signs in'));
  await page.getByRole('main').getByRole('link', { name: 'My ClientConnect' }).click();
  await page.getByRole('link', { name: 'See my devices' }).click();
  await expect(page.getByText('This device')).toBeVisible();
}

async function expectGone(page: Page, world: World): Promise<void> {
  await expect(page).toHaveURL(NEUTRAL);
  await expect.poll(() => isSignedIn(page, world)).toBe(false);
  // However far Back goes, nothing of the portal shows.
  for (let step = 0; step < 2; step++) {
    const arrived = page.waitForEvent('framenavigated');
    await page.evaluate(() => void setTimeout(() => history.back()));
    await arrived;
    await expect(page).toHaveURL(NEUTRAL);
    await expect(page.getByRole('heading', { name: 'Elsewhere' })).toBeVisible();
  }
}

test('quick exit leaves, signs out, and Back shows nothing', async ({ page, world }) => {
  await inside(page, world);
  await page.getByRole('button', { name: 'Quick exit' }).click();
  await expectGone(page, world);
  // Who comes back on purpose finds the sign-in page.
  await page.goto(world.portal);
  await expect(page).toHaveURL(/sign-in/);
});

for (const key of ['Escape', 'Shift']) {
  test(`${key} three times leaves`, async ({ page, world }) => {
    await inside(page, world);
    for (let press = 0; press < 3; press++) await page.keyboard.press(key);
    await expectGone(page, world);
  });
}

test('other tabs leave, too', async ({ page, context, world }) => {
  await inside(page, world);
  const other = await context.newPage();
  await other.goto(`${world.portal}/account`);
  await expect(other.getByRole('heading', { level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Quick exit' }).click();
  await expect(other).toHaveURL(NEUTRAL);
});

test('without a connection an empty page shows, and the session ends on return', async ({
  page,
  context,
  world,
}) => {
  await inside(page, world);
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Quick exit' }).click();
  await expect(page).toHaveURL('about:blank');
  expect(await page.locator('body').textContent()).toBe('');
  await context.setOffline(false);
  await page.goto(world.portal);
  await expect(page).toHaveURL(/sign-in/);
  expect(await isSignedIn(page, world)).toBe(false);
});
