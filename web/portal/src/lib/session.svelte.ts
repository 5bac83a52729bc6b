import { Session } from '@clientconnect/ui';
import { createApi, type PortalPaths } from '@clientconnect/api-client';
import { language } from './language.svelte';
import { fetchTexts } from './problems';

/** Without the wait for another sign-in: what asks is about the session itself, or needs none. */
export const direct = createApi<PortalPaths>({ beforeRefusal: fetchTexts });

/** The client's session. */
export const session = new Session(
  'portal',
  {
    extend: () => direct.send((to) => to.POST('/api/portal/v1/session/extend')),
    look: async () => {
      const { email, session: times } = await direct.send((to) => to.GET('/api/portal/v1/home'));
      return { owner: email, times };
    },
    signOut: () => direct.send((to) => to.DELETE('/api/portal/v1/session')),
  },
  (where) => {
    // Signing out makes the browser forget all that it kept; the language is no secret.
    language.show(language.current);
    location.replace(where === 'start' ? '/' : '/signed-out');
  },
);
