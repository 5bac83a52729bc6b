import { expect, HeldBack, test as base, WORKERS, type Page, type World } from './world.ts';

export { expect, HeldBack, WORKERS };
export type { Page, World };

/**
 * What must be in no address: an email, a birth date (any date but those that accounts are filtered by), or a name of
 * those whom the tests look for.
 */
const PERSONAL =
  /@|%40|(?<!(created|activated)_(from|to)=|signed_in_before=)\b(18|19|20)\d\d-\d\d-\d\d\b|ferris|maya|hollister|newcomer/i;

/** Tests of the staff site, each of which fails on any request or page whose address says something personal. */
export const test = base.extend<{ addresses: string[] }>({
  addresses: [
    async ({ page }, use) => {
      const addresses: string[] = [];
      page.on('request', (request) => addresses.push(request.url()));
      page.on('framenavigated', (frame) => addresses.push(frame.url()));
      await use(addresses);
      expect(addresses.filter((address) => PERSONAL.test(address))).toEqual([]);
    },
    { auto: true },
  ],
});

/** Signs in as a person would, on whatever page asks for it. */
export async function signIn(page: Page, worker: { email: string; password: string }): Promise<void> {
  await page.getByRole('textbox', { name: 'Email' }).fill(worker.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(worker.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens a page of the staff site, signed in. */
export async function open(
  page: Page,
  world: World,
  worker: { email: string; password: string },
  path = '/',
): Promise<void> {
  await page.goto(world.admin + path);
  await signIn(page, worker);
  await expect(page.getByRole('main')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).not.toHaveText(/^(Sign in|ClientConnect)$/);
}

/** The navigation, unfolded where it is folded. */
export async function navigation(page: Page) {
  const menu = page.getByText('Menu', { exact: true });
  const nav = page.getByRole('navigation', { name: 'Main' });
  if ((await menu.isVisible()) && !(await nav.isVisible())) await menu.click();
  return nav;
}

/** Presses Tab until something has the focus, as one does who has no mouse. */
export async function tabTo(
  page: Page,
  name: RegExp | string,
  role: 'link' | 'button' | 'checkbox' | 'searchbox' | 'textbox',
) {
  const wanted = page.getByRole(role, { name }).first();
  for (let presses = 0; presses < 80; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab doesn't reach ${role} ${name}`);
}
