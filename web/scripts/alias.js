import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../packages/${path}`, import.meta.url));

/** The rooms that both sites share, by the names they import them with. */
export const alias = {
  '@clientconnect/api-client': at('api-client/src/index.ts'),
  '@clientconnect/messages/runtime': at('messages/src/generated/runtime.js'),
  '@clientconnect/messages': at('messages/src/generated/messages.js'),
  '@clientconnect/ui/base.css': at('ui/src/base.css'),
  '@clientconnect/ui/forms': at('ui/src/forms.ts'),
  '@clientconnect/ui': at('ui/src/index.ts'),
};

/** The same for the clients' site, whose first page carries no more of the shared components than it needs. */
export const portalAlias = { ...alias, '@clientconnect/ui': at('ui/src/core.ts') };
