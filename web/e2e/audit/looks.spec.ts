import { expectAccessible, expectToFit } from '../support/axe.ts';
import { PAGES } from '../support/pages.ts';
import { dress, LOOKS, nameOf } from '../support/themes.ts';
import { test } from '../support/world.ts';

for (const { site, name, open } of PAGES) {
  test(`${site} ${name} in every look`, async ({ page, world }) => {
    test.setTimeout(180_000);
    for (const look of LOOKS) {
      await dress(page, look);
      await open(page, world);
      await expectAccessible(page, nameOf(look));
      await expectToFit(page, nameOf(look));
    }
  });
}
