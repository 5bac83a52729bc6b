import type { Problem } from '@clientconnect/api-client';
import { api } from '$lib/api';
import type { Account, Record } from '$lib/contract';

/** Why something that would open an account, or invite its client, would be refused now. */
export type Bar = Record['bars'][number];

/** Whether a refusal means that the page shows what is no longer so, most likely because somebody else was quicker. */
export function isStale({ code }: Problem): boolean {
  return ['account_open', 'account_state', 'conflict', 'not_found', 'resend_not_possible'].includes(code);
}

/** Something that a worker does to an account that is there, with nothing to fill in. */
export interface Deed {
  /** On its button, here and in the dialog. */
  name: string;
  /** Of the dialog. */
  title: string;
  /** It can't be undone, or shuts the client out. */
  danger?: boolean;
  /** What will follow. */
  consequences: (account: Account, record: Record) => string[];
  /** Does it, and gives the account as it is then. */
  send: (individual: string, account: string, key: string) => Promise<Account>;
  /** What has been done. */
  done: string;
}

/** Where an operation on one account finds it, and the key of the intent. */
const to = (individual_id: string, account_id: string, key: string) => ({
  params: { path: { individual_id, account_id }, header: { 'Idempotency-Key': key } },
});

const pending = (account: Account): boolean => account.state === 'pending';

const DEEDS = {
  close: {
    name: 'Close',
    title: 'Close this account?',
    danger: true,
    consequences: (account) =>
      pending(account)
        ? [
            'The link in the activation email stops working at once.',
            'A closed account stays closed. Resend can then invite the client again, also to another address.',
          ]
        : [
            'The client is signed out everywhere at once and can’t sign in any more.',
            'Nothing more is mailed to them about this account.',
            'A closed account stays closed. Its history stays; only Create gives the client another one.',
          ],
    send: (individual, account, key) =>
      api.send((call) =>
        call.POST(
          '/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/close',
          to(individual, account, key),
        ),
      ),
    done: 'The account is closed.',
  },
  suspend: {
    name: 'Suspend',
    title: 'Suspend this account?',
    danger: true,
    consequences: () => [
      'The client is signed out everywhere at once and can’t sign in until a worker unlocks the account.',
      'Notices by email stop until then. The client isn’t told of it by email.',
    ],
    send: (individual, account, key) =>
      api.send((call) =>
        call.POST(
          '/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/suspend',
          to(individual, account, key),
        ),
      ),
    done: 'The account is suspended.',
  },
  unlock: {
    name: 'Unlock',
    title: 'Unlock this account?',
    consequences: (account) => [
      account.must_reset
        ? 'The client can sign in again, after choosing a new password.'
        : 'The client can sign in again with the same password.',
      ...(account.reason === 'failed_sign_ins' ? ['The count of wrong passwords begins anew.'] : []),
    ],
    send: (individual, account, key) =>
      api.send((call) =>
        call.POST(
          '/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/unlock',
          to(individual, account, key),
        ),
      ),
    done: 'The account is unlocked.',
  },
  force_reset: {
    name: 'Force password reset',
    title: 'Force a password reset?',
    consequences: (account) => [
      'The client is signed out everywhere at once.',
      `Before they can sign in again, they have to choose a new password, by a link that they ask for and that goes to ${account.email}.`,
    ],
    send: (individual, account, key) =>
      api.send((call) =>
        call.POST(
          '/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/force-reset',
          to(individual, account, key),
        ),
      ),
    done: 'The client has to choose a new password before they can sign in again.',
  },
  disable: {
    name: 'Disable ClientConnect',
    title: 'Disable ClientConnect for this individual?',
    danger: true,
    consequences: (account) => [
      pending(account)
        ? 'The link in the activation email stops working at once.'
        : 'The client is signed out everywhere at once and can’t sign in any more. Their password is removed.',
      'Nothing more is mailed to them while it is disabled.',
      'Enable brings the same account back: the client is invited again and chooses a new password.',
    ],
    send: (individual, account, key) =>
      api.send((call) =>
        call.POST(
          '/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/disable',
          to(individual, account, key),
        ),
      ),
    done: 'ClientConnect is disabled for this individual.',
  },
  resend: {
    name: 'Resend',
    title: 'Resend the activation?',
    consequences: (account, record) => [
      record.not_mailed === 'no_consent'
        ? 'No email goes out now, because there is no consent to email. It goes out as soon as consent is recorded.'
        : `A new activation email goes to ${account.email}.`,
      'Links in earlier emails stop working, and the time to activate begins anew.',
      `Wrong dates of birth stay counted. Tries left: ${account.attempts_left}.`,
    ],
    send: async (individual, account, key) => {
      const { account: after } = await api.send((call) =>
        call.POST('/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/resend', {
          ...to(individual, account, key),
          body: {},
        }),
      );
      return after;
    },
    done: 'The activation is sent again.',
  },
} satisfies { [action: string]: Deed };

export type DeedName = keyof typeof DEEDS;

/** What each of them is called, says and does. */
export const deeds: Readonly<{ [name in DeedName]: Deed }> = DEEDS;

/** Ways to open an account: it is invited anew, at an address that the worker sees and may change. */
export interface Opening {
  name: string;
  title: string;
  /** What it does, before the rest that all have in common. */
  intro: string;
  done: string;
}

export type OpeningName = 'create' | 'reopen' | 'enable';

export const openings: Readonly<{ [name in OpeningName]: Opening }> = {
  create: {
    name: 'Create',
    title: 'Create a ClientConnect account',
    intro: 'The client signs in with this email address. They activate the account with their date of birth.',
    done: 'The account is created.',
  },
  reopen: {
    name: 'Resend',
    title: 'Invite the client again',
    intro:
      'The closed account stays closed. A new one is opened in its place, and the client activates it with their date of birth.',
    done: 'A new account is opened.',
  },
  enable: {
    name: 'Enable',
    title: 'Enable ClientConnect',
    intro:
      'The same account becomes Pending. The client activates it with their date of birth and chooses a new password.',
    done: 'ClientConnect is enabled again.',
  },
};

/** What a worker fills in to open an account. */
export interface Wishes {
  email: string;
  confirm_email: boolean;
  age_override_reason: string | null;
}

/** Opens an account in one of these ways. */
export function open(way: OpeningName, record: Record, wishes: Wishes, key: string) {
  const individual_id = record.individual.individual_id;
  const header = { 'Idempotency-Key': key };
  if (way === 'create') {
    return api.send((call) =>
      call.POST('/api/admin/v1/individuals/{individual_id}/accounts', {
        params: { path: { individual_id }, header },
        body: wishes,
      }),
    );
  }
  const account_id = record.account?.account_id ?? record.closed_accounts[0]?.account_id ?? '';
  const which = { params: { path: { individual_id, account_id }, header }, body: wishes };
  return way === 'reopen'
    ? api.send((call) =>
        call.POST('/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/resend', which),
      )
    : api.send((call) =>
        call.POST('/api/admin/v1/individuals/{individual_id}/accounts/{account_id}/enable', which),
      );
}
