import { LANGUAGES } from '$lib/words';
import type { SettingsSection, Tile } from './contract';
import { inWords } from './fields';
import { wordsOf } from './pictures';
import { BY_PATH } from './sections';
import { TILES } from './words';

/** What was saved, as the pages are called. */
export const SECTIONS: Readonly<Record<SettingsSection, string>> = {
  set_up: 'Set-up of the deployment',
  communications: 'External Communications',
  client_connect: 'ClientConnect',
  texts: 'Privacy policy & terms',
  images: 'Images',
  theme: 'Theme',
  file_attachment: 'File Attachment',
  restore: 'Restored',
  sandbox: 'Made a copy that reaches nobody',
};

/** Fields that no form has in a line of its own. */
const OTHERS: Readonly<Record<string, string>> = {
  'communications.authentication.identity_verified': 'Sender of the authentication email verified',
  'communications.authentication.test': 'Test of the authentication email',
  'images.logo': 'Agency logo',
  'texts.privacy': 'Privacy policy, version',
  'texts.terms': 'Terms of use, version',
  licences: 'Licences',
};

/** The longest path that is a field's, with what lies below it. */
function known(path: string) {
  const names = path.split('.');
  for (let length = names.length; length > 0; length -= 1) {
    const field = BY_PATH.get(names.slice(0, length).join('.'));
    if (field) return { field, below: names.slice(length) };
  }
  return undefined;
}

/** Whose picture a path is. */
function tileOf(path: string): Tile | undefined {
  const name = path.split('images.tiles.')[1];
  return name !== undefined && Object.hasOwn(TILES, name) ? (name as Tile) : undefined;
}

/** What a changed field is called. */
export function nameOf(path: string): string {
  const found = known(path);
  if (found) {
    const below = found.below.map((name) => LANGUAGES[name as keyof typeof LANGUAGES] ?? name);
    return [found.field.label, ...below].join(', ');
  }
  const tile = tileOf(path);
  if (tile) return `Image of ${TILES[tile]}`;
  return OTHERS[path] ?? path;
}

/** A changed field's value, in words. */
export function valueOf(path: string, value: unknown): string {
  const found = known(path);
  if (found && found.below.length === 0) return inWords(found.field, value);
  if (value === null || value === undefined || value === '') return 'None';
  if (path === 'images.logo') return 'A picture';
  const tile = tileOf(path);
  if (tile) return wordsOf(tile, Number(value));
  if (typeof value === 'boolean') return value ? 'On' : 'Off';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
