import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { files } from '../../../scripts/generate-codes.mjs';

const web = fileURLToPath(new URL('../../..', import.meta.url));
const kept = (path: string) => readFileSync(web + path, 'utf8');
const MEND = 'run `npm run generate` in web/';

test.each(['portal', 'admin'])('the types of %s are those of the contract', { timeout: 60_000 }, (site) => {
  const fresh = execFileSync('node_modules/.bin/openapi-typescript', [`../docs/openapi/${site}.json`], {
    cwd: web,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(kept(`packages/api-client/src/${site}.d.ts`).trim() === fresh.trim(), MEND).toBe(true);
});

test.each(Object.entries(files()))('%s has the codes of the contract', (path, fresh) => {
  expect(kept(path) === fresh, MEND).toBe(true);
});
