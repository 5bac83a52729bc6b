import type { Code, Portal } from '@clientconnect/api-client';

type LinkState = Portal['schemas']['LinkState'];
type Purpose = Portal['schemas']['Purpose'];

/** How a mailed link can end other than in what it was mailed for; each has a page that says what to do next. */
export type Ending =
  | 'expired'
  | 'closed'
  | 'third_miss'
  | 'superseded'
  | 'already_active'
  | 'consent_needed'
  | 'contact_agency'
  | 'not_valid'
  | 'reset_expired'
  | 'reset_superseded'
  | 'reset_not_valid';

/** The ending of a link that was looked at; none while it can be used. */
export function endingOf(purpose: Purpose, state: LinkState): Ending | undefined {
  if (state === 'usable') return undefined;
  if (purpose === 'activation') return state;
  if (state === 'expired') return 'reset_expired';
  if (state === 'superseded') return 'reset_superseded';
  return 'contact_agency';
}

const BY_CODE: Partial<Record<Code, { activation: Ending; password_reset: Ending }>> = {
  link_not_valid: { activation: 'not_valid', password_reset: 'reset_not_valid' },
  link_superseded: { activation: 'superseded', password_reset: 'reset_superseded' },
  link_expired: { activation: 'expired', password_reset: 'reset_expired' },
  link_closed: { activation: 'closed', password_reset: 'contact_agency' },
  already_active: { activation: 'already_active', password_reset: 'contact_agency' },
  consent_needed: { activation: 'consent_needed', password_reset: 'contact_agency' },
  birth_date_third_miss: { activation: 'third_miss', password_reset: 'contact_agency' },
  reset_link_expired: { activation: 'expired', password_reset: 'reset_expired' },
  reset_not_possible: { activation: 'contact_agency', password_reset: 'contact_agency' },
};

/** The ending that a refusal means; none where the client can go on. */
export const endingAfter = (purpose: Purpose, code: Code): Ending | undefined => BY_CODE[code]?.[purpose];
