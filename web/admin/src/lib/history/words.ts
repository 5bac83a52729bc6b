import { legible, STATE_REASONS, STATES } from '../account/words';
import type { HistoryEntry, Record } from '$lib/contract';

/** Who did it, as the API tells it. */
export interface Actor {
  kind: 'worker' | 'client' | 'import' | 'job' | 'anonymous';
  id?: string;
}

/** The account's transition, as the API tells it (B8). */
export interface Transition {
  rule: string;
  from: keyof typeof STATES;
  to: keyof typeof STATES;
  reason?: string;
}

/** Consent given or withdrawn, as the individual's record has it. */
type Consent = Record['individual']['communication']['history'][number];

/** The event that says so. */
const CONSENT = 'communication_consent_changed';

type Sentences = Readonly<{ [code: string]: string | undefined }>;

/** What somebody did, by the rule that it followed; goes on after their name. */
const BY_RULE: Sentences = {
  A1: 'created the account',
  A2: 'created the account in a bulk activation',
  A3: 'sent the activation again',
  A3b: 'asked for the activation link again',
  A4: 'sent the activation again, with a new account in place of the closed one',
  A5: 'activated the account',
  A6: 'typed a wrong date of birth',
  A7: 'typed a wrong date of birth for the third time, which closed the account',
  A8: 'closed the account, because it was not activated in time',
  A9: 'closed the account before it was activated',
  A10: 'typed a wrong password too many times in a row, which locked the account',
  A11: 'suspended the account',
  A12: 'unlocked the account',
  A13: 'disabled ClientConnect',
  A14: 'enabled ClientConnect',
  A15: 'closed the account',
  A16: 'forced a password reset',
  A17: 'changed the password',
  A18: 'changed the sign-in email',
  A19: 'asked for a link to choose a new password',
  sign_in: 'signed in',
};

/** What somebody did, by the event that it means; goes on after their name. */
const BY_EVENT: Sentences = {
  individual_created: 'added the individual',
  individual_changed: 'changed the profile or contacts',
  individual_imported: 'added or changed the individual from a file',
  service_file_opened: 'opened a service file',
  service_file_changed: 'changed the workers of a service file',
  service_file_closed: 'closed a service file',
  service_file_reopened: 'opened a closed service file again',
  roster_joined: 'added the individual to a group or series',
  roster_left: 'took the individual out of a group or series',
  account_created: 'created the account',
  account_activated: 'activated the account',
  client_returned: 'signed in again',
  account_closed: 'closed the account',
  account_locked: 'locked the account',
  account_unlocked: 'unlocked the account',
  account_disabled: 'disabled ClientConnect',
  account_enabled: 'enabled ClientConnect',
  activation_requested: 'sent the activation again',
  activation_reminder_requested: 'sent a reminder that the invitation ends soon',
  birth_date_missed: 'typed a wrong date of birth',
  password_reset_forced: 'forced a password reset',
  password_reset_requested: 'asked for a link to choose a new password',
  password_changed: 'changed the password',
  email_code_requested: 'asked for a code for a new sign-in email',
  sign_in_email_changed: 'changed the sign-in email',
  sessions_ended: 'signed out on all other devices',
  language_chosen: 'chose a language',
  texts_accepted: 'accepted the new privacy policy and terms of use',
  invitation_asked_for: 'asked for another invitation',
  alerts_settled: 'settled what needed a worker',
  service_requested: 'asked for a service',
  service_request_settled: 'settled a service request',
  mail_failed: 'learned that a mail could not be delivered, or was unwanted',
};

/** What else came of it, in sentences of their own. */
const ALSO: Sentences = {
  activation_requested: 'The activation email was to go out.',
  activation_withheld: 'No activation email was to go out.',
  birth_date_misses_cleared: 'Wrong dates of birth are no longer counted.',
  account_unlocked: 'The account was unlocked.',
  alerts_settled: 'What needed a worker was settled.',
  password_changed: 'The password was changed.',
};

/** Events that say no more than the transition they belong to. */
const SAID_BY_TRANSITION = new Set(
  'account_created account_activated client_returned account_closed account_locked account_disabled account_enabled birth_date_missed password_reset_forced password_reset_requested sign_in_email_changed'.split(
    ' ',
  ),
);

const FIELDS: Sentences = {
  state: 'state',
  email: 'sign-in email',
  password: 'password',
  acceptance: 'acceptance of terms and privacy policy',
  link: 'link',
  landing: 'where activation leads',
  last_sign_in: 'last sign-in',
  name: 'name',
  birth_date: 'date of birth',
  gender: 'gender',
  language: 'language',
  site: 'site',
  external_ids: 'IDs in other systems',
  contacts: 'contacts',
  communication_settings: 'communication settings',
  workers: 'workers',
  service_files: 'service files',
  test: 'mark as a test individual',
  sessions: 'sessions',
  alerts: 'what needs a worker',
  service_requests: 'service requests',
};

const JOBS: Sentences = {
  expire_activations: 'The daily close of invitations',
  send_mail: 'The sending of mail',
  record_mail_outcome: 'The mail service',
  remind_before_expiry: 'The reminder of invitations',
  resolve_requests: 'A request from the sign-in page',
  set_up_agency: 'The setup of the agency',
};

/** Whoever did something, at the beginning of a sentence. */
export function whoDid(actor: Actor, names: { workerName(id: string): string }): string {
  switch (actor.kind) {
    case 'worker':
      return names.workerName(actor.id ?? '') || 'A worker';
    case 'client':
      return 'The client';
    case 'import':
      return 'An import';
    case 'job':
      return JOBS[actor.id ?? ''] ?? `ClientConnect (${legible(actor.id ?? '').toLowerCase()})`;
    case 'anonymous':
      return 'Somebody who wasn’t signed in';
    default:
      return 'Somebody';
  }
}

/** What an entry says happened: the deed, which goes on after a name, and more in sentences. */
export function whatHappened(
  entry: HistoryEntry,
  consents: readonly Consent[],
): { did: string; also: string[] } {
  const transition = transitionOf(entry);
  const { did, by } = deed(transition, entry, consents);
  const also = entry.events
    .filter((event) => event !== by && !(transition && SAID_BY_TRANSITION.has(event)))
    .map(
      (event) =>
        (event === CONSENT ? `Consent was ${consentOf(entry, consents)}.` : ALSO[event]) ??
        `${legible(event)}.`,
    );
  return { did, also: [...new Set(also)] };
}

function deed(
  transition: Transition | undefined,
  entry: HistoryEntry,
  consents: readonly Consent[],
): { did: string; by?: string } {
  const [first] = entry.events;
  // What a worker does to the record may move the account, too: the deed is the worker's.
  const toRecord = first === CONSENT || /^(individual|service_file|roster)_/.test(first ?? '');
  if (transition?.rule === 'A19' && entry.events.includes('password_changed')) {
    return { did: 'chose a new password by the emailed link', by: 'password_changed' };
  }
  const rule = toRecord ? undefined : BY_RULE[transition?.rule ?? ''];
  if (rule) return { did: rule };
  if (first === CONSENT) return { did: `recorded that consent was ${consentOf(entry, consents)}`, by: first };
  if (first) return { did: BY_EVENT[first] ?? `did this: ${legible(first).toLowerCase()}`, by: first };
  return { did: 'changed the record' };
}

/** Given or withdrawn, and for which address: the record's own history of consent tells. */
function consentOf(entry: HistoryEntry, consents: readonly Consent[]): string {
  const row = consents.find(({ at }) => Date.parse(at) === Date.parse(entry.at));
  if (!row) return 'given or withdrawn';
  return `${row.given ? 'given' : 'withdrawn'} for ${row.address}`;
}

/** The account's way from state to state, in words; none where it stayed. */
export function wayOf(entry: HistoryEntry): string | undefined {
  const transition = transitionOf(entry);
  if (!transition || transition.from === transition.to) return undefined;
  const reason = transition.reason && (STATE_REASONS[transition.reason] ?? legible(transition.reason));
  const way = `${STATES[transition.from]} → ${STATES[transition.to]}`;
  return reason ? `${way}, ${reason}` : way;
}

/** The names of the fields that changed, in the record's own words. */
export const fieldsOf = (entry: HistoryEntry): string[] =>
  entry.changed.map((field) => FIELDS[field] ?? legible(field).toLowerCase());

export const actorOf = (entry: HistoryEntry): Actor => entry.actor as unknown as Actor;

const transitionOf = (entry: HistoryEntry): Transition | undefined =>
  (entry.transition ?? undefined) as Transition | undefined;
