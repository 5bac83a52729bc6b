// Writes the codes that the API's refusals carry, and for each site the text of every code it can meet.
import { readFileSync, writeFileSync } from 'node:fs';

const web = new URL('..', import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, web), 'utf8'));

/** The codes that one contract names in its responses. */
function codesOf(contract) {
  const codes = new Set();
  for (const methods of Object.values(contract.paths)) {
    for (const operation of Object.values(methods)) {
      for (const { description } of Object.values(operation.responses ?? {})) {
        for (const [, code] of description.matchAll(/^`([a-z_]+)`:/gm)) codes.add(code);
      }
    }
  }
  return [...codes].sort();
}

const header = '// Written by `npm run generate` from docs/openapi.\n';
const sites = {
  portal: codesOf(read('../docs/openapi/portal.json')),
  admin: codesOf(read('../docs/openapi/admin.json')),
};

const all = [...new Set(Object.values(sites).flat())].sort();
writeFileSync(
  new URL('packages/api-client/src/codes.ts', web),
  `${header}\n/** A code of the API's problem documents. */\nexport type ServerCode =\n${all.map((code) => `  | '${code}'`).join('\n')};\n`,
);

for (const [site, codes] of Object.entries(sites)) {
  const entries = codes.map((code) => `  ${code}: m.problem_${code},`).join('\n');
  writeFileSync(
    new URL(`${site}/src/lib/problem-texts.ts`, web),
    `${header}import * as m from '@clientconnect/messages';\n\n/** The text of every code that this site can meet. */\nexport const texts = {\n${entries}\n  offline: m.offline_problem,\n};\n`,
  );
}
