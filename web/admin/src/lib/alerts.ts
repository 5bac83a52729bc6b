import type { AlertKind } from './contract';

interface Alert {
  /** As the list can be narrowed down by it. */
  name: string;
  /** What happened. */
  why: string;
  /** What the worker can do about it. */
  what: string;
  /** Whether a worker may say that it is settled; the others end with their cause. */
  settles: boolean;
}

/** Why an account needs a worker, and what to do. */
export const ALERTS: Readonly<Record<AlertKind, Alert>> = {
  third_miss: {
    name: 'Wrong birth date three times',
    why: 'The birth date was wrong three times, so the invitation is closed.',
    what: 'Check the birth date with the client, correct it in the profile, then invite them again.',
    settles: true,
  },
  invitation_asked_for: {
    name: 'Asks to be invited again',
    why: 'Somebody opened an invitation that is over, and asks for a new one.',
    what: 'Make sure that it is the right person and address, then invite them again.',
    settles: true,
  },
  bounced: {
    name: 'Email came back',
    why: 'Mail to the sign-in email does not arrive.',
    what: 'Ask the client for an address that works, and correct the contact.',
    settles: true,
  },
  locked: {
    name: 'Locked by wrong passwords',
    why: 'A wrong password was typed too many times in a row.',
    what: 'The client may have a link to unlock it. If they ask you, make sure that it is them, then unlock.',
    settles: false,
  },
  no_consent: {
    name: 'Waits for consent',
    why: 'The invitation is ready, but there is no consent to email.',
    what: 'Ask the client. When you record their consent, the invitation goes out at once.',
    settles: false,
  },
  expiring: {
    name: 'Invitation ends soon',
    why: 'The client has not used the invitation yet, and it ends soon.',
    what: 'Ask whether the email arrived, or resend the invitation.',
    settles: false,
  },
  expired: {
    name: 'Invitation has ended',
    why: 'The client did not use the invitation in time.',
    what: 'If they still want an account, invite them again.',
    settles: true,
  },
};

/** All kinds, in the order in which they are offered. */
export const KINDS = Object.keys(ALERTS) as AlertKind[];
