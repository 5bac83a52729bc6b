import { createApi, type AdminPaths } from '@clientconnect/api-client';

/** The workers' API. */
export const api = createApi<AdminPaths>();
