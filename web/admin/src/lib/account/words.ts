import type { Account, Mail, Record } from '$lib/contract';

type Words<Code extends string = string> = Readonly<Partial<{ [code in Code]: string }>>;

/** A code that no word is known for, e.g. of a newer server, so that it can still be read. */
export function legible(code: string): string {
  const text = code.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const STATES = {
  none: 'No account',
  pending: 'Pending',
  active: 'Active',
  locked: 'Locked',
  disabled: 'Disabled',
  closed: 'Closed',
} as const satisfies Words<Account['state']>;

/** How a word is set apart from others. */
type Tone = 'plain' | 'good' | 'warn' | 'bad';

export const TONES = {
  none: 'plain',
  pending: 'warn',
  active: 'good',
  locked: 'bad',
  disabled: 'plain',
  closed: 'plain',
} as const satisfies { [state in Account['state']]: Tone };

/** What a reason of a lock or a close says after the state. */
export const STATE_REASONS: Words = {
  suspended: 'suspended by a worker',
  failed_sign_ins: 'too many wrong passwords',
  expired: 'not activated in time',
  wrong_birth_date: 'three wrong dates of birth',
  cancelled: 'closed before it was activated',
  closed_by_worker: 'closed by a worker',
};

const MEANINGS: Words = {
  none: 'The client has no account and can’t sign in.',
  pending: 'The client was invited and has not activated the account yet. Until then, nobody can sign in.',
  active: 'The client has activated the account and can sign in.',
  suspended: 'A worker suspended the account. The client can’t sign in until a worker unlocks it.',
  failed_sign_ins:
    'A wrong password was typed too many times in a row. The client can’t sign in until the account is unlocked.',
  disabled:
    'ClientConnect is disabled for this individual. The client can’t sign in. Enable invites the client again, to the same account.',
  expired: 'The client didn’t activate the account in time. It is over; a new one can be opened.',
  wrong_birth_date:
    'A wrong date of birth was typed three times. It is over; check the date of birth in the profile before a new one is opened.',
  cancelled: 'A worker closed the account before it was activated. It is over; a new one can be opened.',
  closed_by_worker: 'A worker closed the account. It is over; only Create opens a new one.',
};

/** What the state of an account means, in words. */
export function meaningOf(account: Account | undefined): string {
  if (!account) return MEANINGS['none'] ?? '';
  return MEANINGS[account.reason ?? ''] ?? MEANINGS[account.state] ?? '';
}

export const MAILS: Words = {
  activation: 'Activation',
  activation_reminder: 'Reminder of the activation',
  password_reset: 'Link to choose a new password',
  account_locked: 'Account locked by wrong passwords',
  password_changed: 'Password was changed',
  sign_in_email_changed: 'Sign-in email was changed, to the new address',
  sign_in_email_left: 'Sign-in email was changed, to the former address',
  email_code: 'Code for a new sign-in email',
  service_request_received: 'Service request has come',
};

/** How far a mail came: in a word, and more where that doesn't say all. */
export const MAIL_STATES: { readonly [state in Mail['state']]: { name: string; tone: Tone; more?: string } } =
  {
    queued: { name: 'Waiting', tone: 'plain', more: 'It goes out in a moment.' },
    sent: { name: 'Sent', tone: 'plain' },
    delivered: { name: 'Delivered', tone: 'good' },
    undelivered: { name: 'Not delivered', tone: 'bad', more: 'It was tried for as long as that is done.' },
    bounced: {
      name: 'Came back',
      tone: 'bad',
      more: 'The address takes no mail. Ask the client for another.',
    },
    complained: { name: 'Unwanted', tone: 'bad', more: 'Its reader marked it as unwanted.' },
    dropped: { name: 'Not sent', tone: 'warn' },
  };

/** Why something is refused, or a mail is not sent. */
const REASONS: Words = {
  wrong_state: 'the account had changed by then',
  client_delivery_off: 'client delivery is switched off',
  authentication_email_not_ready: 'the authentication email is not ready',
  no_privacy_policy: 'there is no privacy policy',
  no_terms: 'there are no terms of use',
  client_connect_not_enabled: 'ClientConnect is switched off',
  no_consent: 'there is no consent to email',
  expired: 'its link had ended by then',
  superseded: 'a newer link had taken its place',
  session_over: 'the client had signed out by then',
  email_off: 'email is switched off',
};

/** A reason in words that go on after a colon or a comma. */
export const reasonOf = (code: string): string => REASONS[code] ?? legible(code).toLowerCase();

/** The newest account: the open one, else the one that closed last. */
export function newestOf(record: Record): Account | undefined {
  return record.account ?? record.closed_accounts[0];
}
