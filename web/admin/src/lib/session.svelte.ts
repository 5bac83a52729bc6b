import { createApi, type AdminPaths } from '@clientconnect/api-client';
import { Session } from '@clientconnect/ui';

/** Without the wait for another sign-in: what asks is about the session itself. */
export const direct = createApi<AdminPaths>();

export const session = new Session('admin', () =>
  direct.send((to) => to.POST('/api/admin/v1/session/extend')),
);
