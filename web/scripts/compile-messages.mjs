// Compiles the catalogues in web/messages into functions, unless they are as they were.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '@inlang/paraglide-js';

const web = fileURLToPath(new URL('..', import.meta.url));
const outdir = fileURLToPath(new URL('../packages/messages/src/generated', import.meta.url));
const stamp = `${outdir}/.made-of`;

const hash = createHash('sha256');
const catalogues = readdirSync(`${web}/messages`, { recursive: true })
  .filter((file) => file.endsWith('.json'))
  .map((file) => `messages/${file}`);
for (const file of [...catalogues.sort(), 'project.inlang/settings.json', 'package-lock.json']) {
  hash.update(file).update(readFileSync(`${web}/${file}`));
}
const madeOf = hash.digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== madeOf) {
  await compile({ project: `${web}/project.inlang`, outdir, strategy: ['baseLocale'] });
  writeFileSync(stamp, madeOf);
}
