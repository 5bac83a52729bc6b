// Writes the codes that the API's refusals carry, and for each site the text of every code it can meet.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const web = new URL('..', import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, web), 'utf8'));

/** The codes that one contract names in its responses. */
function codesOf(contract) {
  const operations = Object.values(contract.paths).flatMap((methods) => Object.values(methods));
  const responses = operations.flatMap(({ responses }) => Object.values(responses));
  const codes = responses.flatMap(({ description }) => [...description.matchAll(/^`([a-z_]+)`:/gm)]);
  return [...new Set(codes.map(([, code]) => code))].sort();
}

const HEADER = '// Written by `npm run generate` from docs/openapi.\n';

function codes(sites) {
  const all = [...new Set(Object.values(sites).flat())].sort();
  const union = all.map((code) => `  | '${code}'`).join('\n');
  return `${HEADER}\n/** A code of the API's problem documents. */\nexport type ServerCode =\n${union};\n`;
}

function texts(codes) {
  const entries = codes.map((code) => `  ${code}: m.problem_${code},\n`).join('');
  return (
    `${HEADER}import * as m from '@clientconnect/messages';\n\n` +
    `/** The text of every code that this site can meet. */\nexport const texts = {\n${entries}  offline: m.offline_problem,\n};\n`
  );
}

/** Every file, by its path below web/, as it is to be. */
export function files() {
  const sites = {
    portal: codesOf(read('../docs/openapi/portal.json')),
    admin: codesOf(read('../docs/openapi/admin.json')),
  };
  return {
    'packages/api-client/src/codes.ts': codes(sites),
    'portal/src/lib/problem-texts.ts': texts(sites.portal),
    'admin/src/lib/problem-texts.ts': texts(sites.admin),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(files())) writeFileSync(new URL(path, web), text);
}
