import { readdirSync } from 'node:fs';
import { expectAccessible, expectToFit } from '../support/axe.ts';
import { PAGES } from '../support/pages.ts';
import { ROOT } from '../support/server.ts';
import { dress, nameOf, TELLING } from '../support/themes.ts';
import { expect, test } from '../support/world.ts';

/** The routes of a site, as its folders say. */
function routesOf(site: 'portal' | 'admin'): string[] {
  return readdirSync(`${ROOT}web/${site}/src/routes`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('+page.svelte'))
    .map((file) => `/${file.replace(/\/?\+page\.svelte$/, '').replaceAll(/\([^)]*\)\/?/g, '')}`);
}

test('every route of both sites is looked at', () => {
  for (const site of ['portal', 'admin'] as const) {
    const looked = new Set(PAGES.filter((page) => page.site === site).map(({ route }) => route));
    expect([...looked].sort()).toEqual(routesOf(site).sort());
  }
});

for (const { site, name, open } of PAGES) {
  test(`${site} ${name} is for everyone`, async ({ page, world }) => {
    for (const look of TELLING) {
      await dress(page, look);
      await open(page, world);
      await expectAccessible(page, nameOf(look));
      await expectToFit(page, nameOf(look));
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expect(page).toHaveTitle(/ClientConnect/);
    }
    // Between a phone and a desk.
    for (const width of [768, 1024]) {
      await page.setViewportSize({ width, height: 860 });
      // What asks how wide it is has been told.
      await page.evaluate(
        () => new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(told))),
      );
      await expectToFit(page, `${width} px`);
    }
    // As the browser's own setting does it, which media queries follow.
    const browser = await page.context().newCDPSession(page);
    await browser.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
    await dress(page, { scheme: 'light', theme: 'ours', width: 360 });
    await open(page, world);
    await expectToFit(page, 'text at 200 %');
    await browser.send('Page.setFontSizes', { fontSizes: { standard: 16, fixed: 13 } });
    await page.evaluate(() => (document.documentElement.dir = 'rtl'));
    await expectToFit(page, 'right to left');
  });
}
