import { createApi, type PortalPaths } from '@clientconnect/api-client';
import { fetchTexts } from './problems';
import { session } from './session.svelte';

/** The portal's API. A call that finds the session over waits until the client has signed in again. */
export const api = createApi<PortalPaths>({
  signInAgain: () => session.signInAgain(),
  beforeRefusal: fetchTexts,
});
