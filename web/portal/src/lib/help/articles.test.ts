import { describe, expect, test } from 'vitest';
import { locales } from '@clientconnect/messages/runtime';
import { ARTICLE_OF, helpFor, withoutGroups } from './articles';
import { TITLES } from './titles';

const pages = Object.keys(import.meta.glob('../../routes/**/+page.svelte'));
const files = import.meta.glob<string>('./*/*.md', { eager: true, query: '?raw', import: 'default' });

const routeOf = (page: string) =>
  withoutGroups(page.replace('../../routes', '').replace(/\/\+page\.svelte$/, ''));

describe('help', () => {
  test('has an article for every page', () => {
    expect(Object.keys(ARTICLE_OF).sort()).toEqual(pages.map(routeOf).sort());
  });

  test('has every article in every language, and no other', () => {
    const wanted = locales.flatMap((locale) =>
      Object.keys(TITLES).map((article) => `./${locale}/${article}.md`),
    );
    expect(Object.keys(files).sort()).toEqual(wanted.sort());
  });

  test.each(Object.entries(files))('%s leads to pages that are there', (_, text) => {
    const routes = new Set(pages.map(routeOf));
    const links = [...text.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link ?? '');
    for (const link of links) {
      const article = link.match(/^\/help\/(.+)$/)?.[1];
      expect(article ? article in TITLES : routes.has(link), link).toBe(true);
    }
  });

  test.each(Object.keys(TITLES))('%s has the same parts in every language', (article) => {
    const shapes = locales.map((locale) => {
      const text = files[`./${locale}/${article}.md`] ?? '';
      return {
        headings: text.match(/^## /gm)?.length,
        links: [...text.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link),
      };
    });
    expect(shapes[1]).toEqual(shapes[0]);
    expect(shapes[2]).toEqual(shapes[0]);
    // The page has the heading.
    for (const locale of locales) expect(files[`./${locale}/${article}.md`]).not.toMatch(/^# /m);
  });

  test("is the agency's own where there is one, on every page", () => {
    expect(helpFor('/(in)/account/email', undefined)).toBe('/help/sign-in-email');
    expect(helpFor('/help/[article]', undefined)).toBe('/help');
    expect(helpFor(null, undefined)).toBe('/help/problems');
    expect(helpFor('/', 'https://agency.example.org/help')).toBe('https://agency.example.org/help');
  });
});
