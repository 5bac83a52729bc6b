import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const LANGUAGES = ['en', 'fr', 'es'] as const;
const catalogues = ['', ...folders(at('messages'))];

function folders(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${entry.name}/`);
}

function read(catalogue: string, language: string): Record<string, string> {
  const { $schema, ...texts } = JSON.parse(readFileSync(at(`messages/${catalogue}${language}.json`), 'utf8'));
  expect($schema).toBeTruthy();
  return texts;
}

const placeholders = (text: string) => [...text.matchAll(/\{[^}]*\}/g)].map(String).sort();

describe.each(catalogues)('the catalogue messages/%s', (catalogue) => {
  const english = read(catalogue, 'en');

  test.each(LANGUAGES)('says the same things in %s', (language) => {
    const texts = read(catalogue, language);
    expect(Object.keys(texts)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim(), key).not.toBe('');
      expect(placeholders(text), key).toEqual(placeholders(english[key] ?? ''));
    }
  });

  test('has French spaces that do not break', () => {
    const broken = Object.entries(read(catalogue, 'fr')).filter(([, text]) => /« | »| [:;?!]/.test(text));
    expect(broken).toEqual([]);
  });
});

test('no key is in two catalogues', () => {
  const keys = catalogues.flatMap((catalogue) => Object.keys(read(catalogue, 'en')));
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test('every text is used, by a site or by a mail', () => {
  const folders = ['portal/src', 'admin/src', 'packages/ui/src', '../shared/mail/src'];
  const sources = [...folders, '../functions/src/jobs', '../functions/src/mailing']
    .flatMap((folder) =>
      readdirSync(at(folder), { recursive: true, encoding: 'utf8' }).map((file) => at(`${folder}/${file}`)),
    )
    .filter((file) => /\.(svelte|ts|rs)$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  // Sites and functions name a text as it is called, the mails in capitals.
  const named = new Set(sources.match(/\b[a-z][a-z0-9]*(?:_[a-z0-9]+)*\b|\b[A-Z][A-Z0-9_]*\b/g));
  const unused = catalogues
    .flatMap((catalogue) => Object.keys(read(catalogue, 'en')))
    .filter((key) => !named.has(key) && !named.has(key.toUpperCase()));
  expect(unused).toEqual([]);
});
