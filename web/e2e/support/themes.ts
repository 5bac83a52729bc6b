import type { Page } from '@playwright/test';

/** Colours that nobody would choose, but whose contrast passes. */
const UGLY = `:root {
  --agency-brand: #7a1fa2; --agency-brand-strong: #4a0072; --agency-on-brand: #fffde7;
  --agency-brand-dark: #c6ff00; --agency-brand-dark-strong: #eeff41; --agency-on-brand-dark: #1b1b00;
  --agency-radius: 0px;
}`;

/** How a page can be looked at. */
export interface Look {
  scheme: 'light' | 'dark';
  theme: 'ours' | 'ugly';
  width: number;
}

/** All eight. */
export const LOOKS: Look[] = (['light', 'dark'] as const).flatMap((scheme) =>
  (['ours', 'ugly'] as const).flatMap((theme) => [360, 1280].map((width) => ({ scheme, theme, width }))),
);

/** The two that show most. */
export const TELLING: Look[] = [
  { scheme: 'light', theme: 'ours', width: 360 },
  { scheme: 'dark', theme: 'ugly', width: 1280 },
];

export const nameOf = ({ scheme, theme, width }: Look): string => `${scheme}, ${theme}, ${width} px`;

/** Makes the page look so from its next loading on. The agency's stylesheet is the one file that is put in place. */
export async function dress(page: Page, { scheme, theme, width }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: width < 600 ? 740 : 860 });
  await page.unroute('**/theme.css');
  if (theme === 'ugly') {
    await page.route('**/theme.css', (route) => route.fulfill({ contentType: 'text/css', body: UGLY }));
  }
}
