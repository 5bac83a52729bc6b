import { createApi, type AdminPaths } from '@clientconnect/api-client';
import { Session } from '@clientconnect/ui';

/** Without the wait for another sign-in: what asks is about the session itself, or needs none. */
export const direct = createApi<AdminPaths>();

/** The worker's session. */
export const session = new Session(
  'admin',
  {
    extend: () => direct.send((to) => to.POST('/api/admin/v1/session/extend')),
    look: async () => {
      const { worker_id, session: times } = await direct.send((to) => to.GET('/api/admin/v1/me'));
      return { owner: worker_id, times };
    },
    signOut: () => direct.send((to) => to.DELETE('/api/admin/v1/session')),
  },
  (where) => location.replace(where === 'start' ? '/' : '/sign-in'),
);
