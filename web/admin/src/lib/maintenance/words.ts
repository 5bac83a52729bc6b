import { legible, STATE_REASONS, STATES } from '../account/words';
import type { BulkAction, BulkJob, Permission } from '$lib/contract';
import type { STATUSES } from './criteria';

/** What a bulk job does. */
export type What = BulkAction | 'activate';

interface Words {
  /** On the button that starts its dry run. */
  name: string;
  /** What the job is called. */
  job: string;
  /** What becomes of somebody: by a dry run, and by the job. */
  would: string;
  is: string;
  /** Asked before it is done. */
  title: (number: number) => string;
  /** What will follow, each in a sentence. */
  consequences: readonly string[];
  /** On the button that does it. */
  confirm: (number: number) => string;
  /** It can't be undone, or shuts clients out. */
  danger: boolean;
  /** What a worker must be permitted, all of it. */
  needs: readonly Permission[];
}

/** A number and what it counts. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-CA')} ${number === 1 ? one : many}`;
}

const accounts = (number: number) => count(number, 'account');

export const WORDS: Readonly<Record<What, Words>> = {
  close: {
    name: 'Close',
    job: 'Close accounts',
    would: 'Would be closed',
    is: 'Closed',
    title: (number) => `Close ${accounts(number)}?`,
    consequences: [
      'These clients are signed out everywhere at once and can’t sign in any more. Links in activation emails stop working.',
      'Nothing more is mailed to them about these accounts.',
      'This can’t be undone: a closed account stays closed. Its history stays.',
    ],
    confirm: (number) => `Close ${accounts(number)}`,
    danger: true,
    needs: ['change_accounts_in_bulk', 'close_account'],
  },
  suspend: {
    name: 'Suspend',
    job: 'Suspend accounts',
    would: 'Would be suspended',
    is: 'Suspended',
    title: (number) => `Suspend ${accounts(number)}?`,
    consequences: [
      'These clients are signed out everywhere at once and can’t sign in until a worker unlocks their accounts.',
      'Notices by email stop until then. The clients aren’t told of it by email.',
    ],
    confirm: (number) => `Suspend ${accounts(number)}`,
    danger: true,
    needs: ['change_accounts_in_bulk', 'suspend_account'],
  },
  unlock: {
    name: 'Unlock',
    job: 'Unlock accounts',
    would: 'Would be unlocked',
    is: 'Unlocked',
    title: (number) => `Unlock ${accounts(number)}?`,
    consequences: [
      'These clients can sign in again with the same password, also those whom a worker suspended.',
      'The count of wrong passwords begins anew.',
    ],
    confirm: (number) => `Unlock ${accounts(number)}`,
    danger: false,
    needs: ['change_accounts_in_bulk', 'unlock_account'],
  },
  disable: {
    name: 'Disable',
    job: 'Disable accounts',
    would: 'Would be disabled',
    is: 'Disabled',
    title: (number) => `Disable ${accounts(number)}?`,
    consequences: [
      'These clients are signed out everywhere at once and can’t sign in any more. Their passwords are removed, and links in activation emails stop working.',
      'Nothing more is mailed to them while their accounts are disabled.',
      'Enable brings the same accounts back, but not the passwords: each client is invited again.',
    ],
    confirm: (number) => `Disable ${accounts(number)}`,
    danger: true,
    needs: ['change_accounts_in_bulk', 'disable_account'],
  },
  enable: {
    name: 'Enable',
    job: 'Enable accounts',
    would: 'Would be enabled',
    is: 'Enabled',
    title: (number) => `Enable ${accounts(number)}?`,
    consequences: [
      'The accounts become Pending, and an activation email goes to each client. What is mailed can’t be called back.',
      'Each of them uses a licence.',
    ],
    confirm: (number) => `Enable ${accounts(number)}`,
    danger: false,
    needs: ['change_accounts_in_bulk', 'enable_account'],
  },
  force_reset: {
    name: 'Force password reset',
    job: 'Force password resets',
    would: 'Would have to choose a new password',
    is: 'Must choose a new password',
    title: (number) => `Force ${count(number, 'password reset')}?`,
    consequences: [
      'These clients are signed out everywhere at once.',
      'Before they can sign in again, each of them has to choose a new password, by a link that they ask for and that goes to their sign-in email.',
      'This can’t be undone.',
    ],
    confirm: (number) => `Force ${count(number, 'password reset')}`,
    danger: true,
    needs: ['change_accounts_in_bulk', 'force_reset'],
  },
  activate: {
    name: 'Send ClientConnect activation links in bulk',
    job: 'Bulk activation',
    would: 'Would be invited',
    is: 'Invited',
    title: (number) => `Invite ${count(number, 'individual')}?`,
    consequences: [
      'An account is opened for each of them, and an activation email goes out for each. What is mailed can’t be called back.',
      'Each account uses a licence.',
      'You can stop it at any time, and afterwards close the accounts that are still Pending.',
    ],
    confirm: (number) => `Send ${count(number, 'activation email')}`,
    danger: true,
    needs: ['activate_in_bulk'],
  },
};

/** What can be done to accounts that were found, in the order in which it is offered. */
export const ACTIONS: readonly BulkAction[] = [
  'close',
  'suspend',
  'unlock',
  'disable',
  'enable',
  'force_reset',
];

export const whatOf = (job: BulkJob): What =>
  job.kind === 'activate_in_bulk' ? 'activate' : (job.action ?? 'close');

/** What a job is called, on its page and in lists. */
export function jobName(job: BulkJob): string {
  const { job: name } = WORDS[whatOf(job)];
  return job.mode === 'dry_run' ? `Dry run: ${name.charAt(0).toLowerCase()}${name.slice(1)}` : name;
}

/** A status that can be searched for, in words. */
export function statusName(status: (typeof STATUSES)[number] | string): string {
  const [state = '', reason] = status.split('.');
  const name = STATES[state as keyof typeof STATES] ?? legible(state);
  if (!reason) return name;
  const why = STATE_REASONS[reason] ?? legible(reason).toLowerCase();
  return `${name}: ${why.replace(/^closed /, '')}`;
}

const JOB_STATES: Readonly<Record<string, { name: string; tone: 'plain' | 'good' | 'warn' | 'bad' }>> = {
  waiting: { name: 'Waiting', tone: 'plain' },
  collecting: { name: 'Finding the accounts', tone: 'plain' },
  running: { name: 'Under way', tone: 'plain' },
  stopped: { name: 'Stopped', tone: 'warn' },
  done: { name: 'Done', tone: 'good' },
  failed: { name: 'Could not go on', tone: 'bad' },
};

/** How far a job is, in a word or two. */
export const stateOf = ({ state }: BulkJob) => JOB_STATES[state] ?? { name: legible(state), tone: 'plain' };

/** Why a job stopped, and what to do. What was done stays done. */
export const STOPPED_FOR: Readonly<Record<NonNullable<BulkJob['stopped_for']>, string>> = {
  by_worker: 'A worker stopped it. Resume goes on where it was.',
  no_licence:
    'No licence is free any more. Close or disable accounts that nobody needs, or ask for more licences; then resume.',
  bounces:
    'Too many of its emails came back: 3 in 100, or more. Check where the addresses come from before you resume: mail to many wrong addresses can get all mail of the agency blocked.',
  complaints:
    'Too many readers marked its emails as unwanted. Make sure that those who are left expect to hear from you before you resume: such marks can get all mail of the agency blocked.',
  not_ready:
    'ClientConnect or client delivery was switched off, or isn’t ready. Ask your System Administrator; then resume.',
};

/** What to tell of a job that failed. */
export const FAILED =
  'It was tried several times and could not go on. Resume tries again from there; nobody is handled twice.';

interface Skipped {
  /** Why, in a few words. */
  why: string;
  /** What can be done about it. */
  what: string;
}

const MESSAGE_SETTINGS = 'under Message Settings of the individual';

/** Why somebody is left out, by the code of the reason. */
const SKIPPED: Readonly<Record<string, Skipped>> = {
  open_account_exists: {
    why: 'Has an open account',
    what: 'Nothing needs to be done; a Pending one can be sent again by Resend.',
  },
  test_individual: { why: 'Test individual', what: 'Bulk work leaves test individuals out.' },
  no_consent: {
    why: 'No consent to email',
    what: `Ask the client, and record their consent ${MESSAGE_SETTINGS}.`,
  },
  no_email_contact: { why: 'No email contact in use', what: 'Add one in the profile.' },
  no_birth_date: { why: 'No birth date', what: 'Record it in the profile.' },
  default_birth_date: {
    why: 'Has the agency’s default birth date',
    what: 'Record the true birth date in the profile.',
  },
  too_young: {
    why: 'Below the minimum age',
    what: 'Intake-Mgmt and Admin-Exec can create an account with a reason, one at a time.',
  },
  shared_address: {
    why: 'Shares the email address with somebody else who has consented',
    what: 'Ask for an address of their own, or create one account by hand.',
  },
  email_taken: {
    why: 'Another open account signs in with this email address',
    what: 'Ask for an address of their own.',
  },
  shut_out: {
    why: 'Last account was closed by a worker, or after three wrong dates of birth',
    what: 'Look at the history first; then create an account by hand.',
  },
  no_licence_free: {
    why: 'No licence free',
    what: 'Close or disable accounts that nobody needs, or ask for more licences.',
  },
  client_delivery_off: {
    why: 'Client delivery is switched off',
    what: 'Ask your System Administrator.',
  },
  authentication_email_not_ready: {
    why: 'The authentication email is not ready',
    what: 'Ask your System Administrator.',
  },
  no_privacy_policy: { why: 'There is no privacy policy', what: 'Ask your System Administrator.' },
  no_terms: { why: 'There are no terms of use', what: 'Ask your System Administrator.' },
  client_connect_not_enabled: {
    why: 'ClientConnect is switched off',
    what: 'Ask your System Administrator.',
  },
};

/** What came of somebody, or would. */
export type Outcome = Pick<BulkJob['outcomes'][number], 'outcome' | 'reason' | 'state'>;

/** Why somebody is left out; a reason that a newer server names can still be read. */
export function skippedFor({ reason, state }: Pick<Outcome, 'reason' | 'state'>): Skipped {
  if (reason === 'wrong_state') {
    return {
      why: state ? `The account is ${STATES[state]}` : 'The account is in another state',
      what: 'It is left as it is: that can’t be done to it in this state.',
    };
  }
  const known = SKIPPED[reason ?? ''];
  return known ?? { why: legible(reason ?? 'other'), what: 'Open one of them to see more.' };
}

/** Those whom a bulk activation invites, by why they have no account now. */
export const GROUPS: Readonly<Record<string, string>> = {
  first: 'Have never had an account',
  expired: 'Invited before, and did not activate in time',
  cancelled: 'Invited before, and a worker cancelled it',
};

/** What a job does to those who aren't left out, or would. */
export function doneBy(job: BulkJob): string {
  const { would, is } = WORDS[whatOf(job)];
  return job.mode === 'dry_run' ? would : is;
}

/** That somebody is left out, or would be. */
export const leftOutBy = (job: BulkJob): string =>
  job.mode === 'dry_run' ? 'Would be left out' : 'Left out';

export const isSkipped = ({ outcome }: Outcome): boolean => outcome === 'skipped';

/** Why: of one who is left out the reason, of one who is invited the group. */
export function whyOf(outcome: Outcome, job: BulkJob): string {
  if (isSkipped(outcome)) return skippedFor(outcome).why;
  if (whatOf(job) !== 'activate') return '';
  return GROUPS[outcome.reason ?? 'first'] ?? legible(outcome.reason ?? '');
}

/** How many would be changed, or were; and how many left out. */
export function sumsOf(job: BulkJob): { changed: number; skipped: number } {
  const sum = (skips: boolean) =>
    job.outcomes.filter((outcome) => isSkipped(outcome) === skips).reduce((sum, { count }) => sum + count, 0);
  return { changed: sum(false), skipped: sum(true) };
}
