import { expect, test } from '../support/world.ts';

test('both sites answer', async ({ page, world }) => {
  for (const site of [world.portal, world.admin]) {
    await page.goto(site);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
});
