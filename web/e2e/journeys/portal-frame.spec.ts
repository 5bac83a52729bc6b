import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectAccessible, expectToFit } from '../support/axe.ts';
import { signInToPortal } from '../support/portal.ts';
import { ROOT } from '../support/server.ts';
import { expect, test, type Page } from '../support/world.ts';

const EVERYBODYS = [
  '/sign-in',
  '/forgotten',
  '/activate',
  '/reset',
  '/help',
  '/help/safety',
  '/privacy',
  '/terms',
  '/nothing-here',
];

async function expectFooter(page: Page): Promise<void> {
  const footer = page.getByRole('contentinfo');
  await expect(footer).toContainText('Alder Quay Community Services');
  await expect(footer).toContainText('1 Alder Quay, Toronto, ON');
  await expect(footer.getByRole('link', { name: '+1 416-555-0100' })).toHaveAttribute(
    'href',
    'tel:+14165550100',
  );
  for (const name of ['Help', 'Privacy policy', 'Terms of use', 'Technical problems', 'Contact us']) {
    await expect(footer.getByRole('link', { name })).toBeVisible();
  }
  await expect(page.getByRole('button', { name: 'Quick exit' })).toBeVisible();
}

test('footer and quick exit are on every page, before signing in, too', async ({ page, world }) => {
  for (const path of EVERYBODYS) {
    await page.goto(world.portal + path);
    await expectFooter(page);
  }
  await signInToPortal(page, world, await world.client('Active: signs in'));
  for (const path of ['/', '/about-me', '/services', '/account', '/account/email']) {
    await page.goto(world.portal + path);
    await expectFooter(page);
  }
});

test('what isn’t there says so, and leads back', async ({ page, world }) => {
  await page.goto(`${world.portal}/nothing-here`);
  await expect(page.getByRole('heading', { level: 1, name: 'We can’t find this page' })).toBeVisible();
  await expectAccessible(page, 'unknown page');
  await page.goto(`${world.portal}/help/nothing-here`);
  await page.getByRole('link', { name: 'Go to the start page' }).click();
  await expect(page).toHaveURL(/sign-in/);
});

test('each page’s help opens its article, in the page’s language', async ({ page, world }) => {
  const language = page.getByRole('banner').getByRole('combobox');
  const help = page.getByRole('banner').getByRole('link', { name: /^(Help|Aide|Ayuda)$/ });
  const articles = {
    '/activate': ['Set up your account', 'Préparer votre compte', 'Preparar su cuenta'],
    '/sign-in': ['Sign in', 'Vous connecter', 'Iniciar sesión'],
    '/privacy': [
      'Privacy policy and terms of use',
      'Politique de confidentialité et conditions d’utilisation',
      'Política de privacidad y condiciones de uso',
    ],
  };
  for (const [path, titles] of Object.entries(articles)) {
    for (const [index, tag] of ['en', 'fr', 'es'].entries()) {
      await page.goto(world.portal + path);
      await language.selectOption(tag);
      await help.click();
      await expect(page.getByRole('heading', { level: 1, name: titles[index] ?? '' })).toBeFocused();
      await expect(page.getByRole('main').getByRole('heading', { level: 2 }).nth(1)).toBeVisible();
    }
  }
});

test('the agency’s texts are read in the page’s language', async ({ page, world }) => {
  await page.goto(`${world.portal}/terms`);
  await expect(page.getByRole('heading', { name: 'Not for emergencies' })).toBeVisible();
  await page.getByLabel('Language').selectOption('es');
  await expect(page.getByRole('heading', { name: 'No es para emergencias' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
});

test.describe('an agency with help of its own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'clientconnect-'));
  cpSync(`${ROOT}infra/local/demo`, directory, { recursive: true });
  const file = join(directory, 'agency.json');
  const agency = JSON.parse(readFileSync(file, 'utf8'));
  agency.agency.help_url = 'https://agency.example.org/help';
  writeFileSync(file, JSON.stringify(agency));
  writeFileSync(join(directory, 'story.json'), '[]');
  test.use({ variables: { DEMO_DIR: directory } });

  test('leads there from every page', async ({ page, world }) => {
    for (const path of ['/sign-in', '/privacy']) {
      await page.goto(world.portal + path);
      const help = page.getByRole('banner').getByRole('link', { name: 'Help' });
      await expect(help).toHaveAttribute('href', 'https://agency.example.org/help');
      await expect(help).toHaveAttribute('rel', 'noreferrer');
    }
  });
});

test('long words and the other direction fit a small phone', async ({ page, world }) => {
  await signInToPortal(page, world, await world.client('Active: signs in'));
  for (const path of ['/', '/about-me', '/services', '/account', '/account/email', '/help/safety']) {
    await page.goto(world.portal + path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl';
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const { nodeValue } = texts.currentNode;
        if (nodeValue?.trim())
          texts.currentNode.nodeValue = `⟦${nodeValue}${nodeValue.slice(0, 12)}wwwwwwwwwww⟧`;
      }
    });
    await expectToFit(page, path);
  }
});

test.describe('installed', () => {
  test.use({ serviceWorkers: 'allow' });

  test('opens without a connection, and keeps nothing of a client', async ({ page, context, world }) => {
    await signInToPortal(page, world, await world.client('Active: signs in'));
    await page.reload();
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await page.goto(`${world.portal}/account`);
    await expect(page.getByRole('heading', { name: 'Password' })).toBeVisible();
    const kept = await page.evaluate(async () => {
      const names = await caches.keys();
      const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
      return requests.flat().map(({ url }) => new URL(url).pathname);
    });
    expect(kept).toContain('/');
    expect(kept.filter((path) => !/^\/($|_app\/|icon|manifest)/.test(path))).toEqual([]);

    await world.server.stop();
    await page.goto(`${world.portal}/help/safety`);
    await expect(page.getByRole('heading', { level: 1, name: 'Stay private' })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Leave this site at once' })).toBeVisible();
    // Said of a page that is open: Chromium takes one that a service worker gave it for online.
    await context.setOffline(true);
    await expect(page.getByText('You are offline.')).toBeVisible();
    await context.setOffline(false);
    await page.goto(`${world.portal}/account`);
    await expect(page.getByText('We can’t reach ClientConnect.')).toBeVisible();
    await world.server.startAgain();
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { name: 'Password' })).toBeVisible();
  });
});

test('says how it is installed', async ({ page, world }) => {
  await page.goto(`${world.portal}/sign-in`);
  const href = await page.locator('link[rel=manifest]').getAttribute('href');
  const answer = await page.request.get(new URL(href ?? '', world.portal).href);
  const manifest = (await answer.json()) as { display: string; icons: Array<{ src: string; sizes: string }> };
  expect(manifest.display).toBe('standalone');
  for (const { src } of manifest.icons) {
    expect((await page.request.get(world.portal + src)).headers()['content-type']).toMatch(/^image\//);
  }
});
