import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** A page as it is has nothing that WCAG 2.2 AA or axe's best practices object to; no rule is switched off. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${help}\n  ${target.join(' ')}\n  ${failureSummary ?? ''}`,
    ),
  );
  expect(told, what).toEqual([]);
}

/** Nothing sticks out sideways, at this width and text size. */
export async function expectToFit(page: Page, what: string): Promise<void> {
  const { wide, sticking } = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element: Element) => {
      for (let above = element.parentElement; above; above = above.parentElement) {
        if (/auto|scroll/.test(getComputedStyle(above).overflowX)) return true;
      }
      return false;
    };
    const sticking = [...document.body.querySelectorAll('*')]
      .filter((element) => element.checkVisibility() && !scrolls(element))
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => element.outerHTML.slice(0, 120));
    return { wide: document.documentElement.scrollWidth > width + 1, sticking };
  });
  expect(wide ? sticking.slice(0, 3) : [], what).toEqual([]);
  expect(wide, `${what} scrolls sideways`).toBe(false);
}
