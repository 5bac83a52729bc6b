import { api } from '$lib/api';
import type { WorkerRecord } from '$lib/contract';

/** To whom something is done. */
export interface Whom {
  worker_id: string;
  name: string;
}

/** What can be done to a colleague, beside editing them. */
interface Deed {
  name: string;
  asks: (name: string) => string;
  /** What will follow, said before. */
  consequences: readonly string[];
  danger?: boolean;
  /** Does it, and gives what to tell. Throws a `Problem`. */
  send(worker: Whom, key: string): Promise<string>;
}

const paramsOf = ({ worker_id }: Whom, key: string) => ({
  path: { worker_id },
  header: { 'Idempotency-Key': key },
});

export const deeds = {
  invite: {
    name: 'Invite again',
    asks: (name) => `Invite ${name} again?`,
    consequences: [
      'A new link to choose a password is mailed to them. Older links die. It works for seven days.',
    ],
    async send(worker, key) {
      const params = paramsOf(worker, key);
      await api.send((to) => to.POST('/api/admin/v1/workers/{worker_id}/invite', { params }));
      return `${worker.name} is invited. The link is on its way.`;
    },
  },
  suspend: {
    name: 'Suspend',
    asks: (name) => `Suspend ${name}?`,
    consequences: [
      'They are signed out everywhere at once, and can’t sign in or choose a new password.',
      'This lasts until a System Administrator unlocks them.',
    ],
    danger: true,
    async send(worker, key) {
      const params = paramsOf(worker, key);
      await api.send((to) => to.POST('/api/admin/v1/workers/{worker_id}/suspend', { params }));
      return `${worker.name} is suspended.`;
    },
  },
  unlock: {
    name: 'Unlock',
    asks: (name) => `Unlock ${name}?`,
    consequences: ['They can sign in again with their password. Make sure that it is them who asks.'],
    async send(worker, key) {
      const params = paramsOf(worker, key);
      await api.send((to) => to.POST('/api/admin/v1/workers/{worker_id}/unlock', { params }));
      return `${worker.name} is unlocked.`;
    },
  },
  reset_password: {
    name: 'Reset password',
    asks: (name) => `Make ${name} choose a new password?`,
    consequences: [
      'They are signed out everywhere at once.',
      'A link to choose a new password is mailed to them, unless they are suspended. It works for one hour.',
    ],
    async send(worker, key) {
      const params = paramsOf(worker, key);
      const { mailed } = await api.send((to) =>
        to.POST('/api/admin/v1/workers/{worker_id}/reset-password', { params }),
      );
      return mailed
        ? `${worker.name} has to choose a new password. The link is on its way.`
        : `${worker.name} has to choose a new password. No link was mailed, because they are suspended.`;
    },
  },
  reset_second_factor: {
    name: 'Reset second factor',
    asks: (name) => `Reset ${name}’s second factor?`,
    consequences: [
      'Do this only when they have told you in person, or by a number you know, that they lost their app and their recovery codes.',
      'They are signed out everywhere at once, and are told by email.',
      'Until they set up another app, their password alone lets them in: to do just that where a second factor is required, else to everything.',
    ],
    danger: true,
    async send(worker, key) {
      const params = paramsOf(worker, key);
      await api.send((to) => to.POST('/api/admin/v1/workers/{worker_id}/second-factor/reset', { params }));
      return `${worker.name}’s second factor is reset.`;
    },
  },
  deactivate: {
    name: 'Deactivate',
    asks: (name) => `Deactivate ${name}?`,
    consequences: [
      'They are signed out everywhere at once and can’t sign in any more.',
      'What they did stays in every history. They are no longer offered where a worker is chosen.',
      'Clients go on seeing them as their worker until their individuals and service files are given to a colleague.',
    ],
    danger: true,
    async send(worker, key) {
      const params = paramsOf(worker, key);
      await api.send((to) => to.POST('/api/admin/v1/workers/{worker_id}/deactivate', { params }));
      return `${worker.name} is deactivated.`;
    },
  },
  reactivate: {
    name: 'Reactivate',
    asks: (name) => `Reactivate ${name}?`,
    consequences: [
      'They work here again. A link to choose a password is mailed to them. It works for seven days.',
    ],
    async send(worker, key) {
      const params = paramsOf(worker, key);
      await api.send((to) => to.POST('/api/admin/v1/workers/{worker_id}/reactivate', { params }));
      return `${worker.name} is reactivated. The link is on its way.`;
    },
  },
} as const satisfies Record<string, Deed>;

export type DeedName = keyof typeof deeds;

/** What may be done to them now. Nobody does any of it to themselves. */
export function offered({ state, reason, invited_until, second_factor }: WorkerRecord): DeedName[] {
  if (state === 'disabled') return ['reactivate'];
  const names: DeedName[] = !invited_until ? ['reset_password'] : reason === 'suspended' ? [] : ['invite'];
  if (second_factor) names.push('reset_second_factor');
  if (state === 'locked') names.unshift('unlock');
  if (reason !== 'suspended') names.push('suspend');
  return [...names, 'deactivate'];
}
