import { createApi, type AdminPaths } from '@clientconnect/api-client';
import { session } from './session.svelte';

/** The workers' API. A call that finds the session over waits until the worker has signed in again. */
export const api = createApi<AdminPaths>({ signInAgain: () => session.signInAgain() });
