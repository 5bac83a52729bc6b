import { fileURLToPath } from 'node:url';
import { PAGES } from './support/pages.ts';
import { dress, LOOKS } from './support/themes.ts';
import { test } from './support/world.ts';

const folder = fileURLToPath(new URL('../screenshots', import.meta.url));

for (const { site, name, open } of PAGES) {
  test(`${site} ${name}`, async ({ page, world }) => {
    for (const look of LOOKS.filter(({ theme }) => theme === 'ours')) {
      await dress(page, look);
      await open(page, world);
      await page.screenshot({
        path: `${folder}/${site}-${name}-${look.width}-${look.scheme}.png`,
        fullPage: true,
      });
    }
  });
}
