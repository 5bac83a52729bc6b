import * as m from '@clientconnect/messages';
import type { Language, UserGroup } from './contract';

export const GROUPS = {
  system_administrator: 'System Administrator',
  intake_mgmt: 'Intake-Mgmt',
  admin_exec: 'Admin-Exec',
  clinical_worker: 'Clinical Worker',
} as const satisfies Record<UserGroup, string>;

export const LANGUAGES = { en: 'English', fr: 'French', es: 'Spanish' } as const satisfies Record<
  Language,
  string
>;

export const CONTACT_KINDS = { email: 'Email', phone: 'Phone', postal: 'Postal address' } as const;

const CONSEQUENCES: Readonly<Record<string, () => string>> = {
  consent_ends: m.word_consequence_consent_ends,
  invitation_stops: m.word_consequence_invitation_stops,
  notices_stop: m.word_consequence_notices_stop,
};

/** What follows from a change, in words, in the order in which the API names it. */
export function consequencesOf(parameters: Readonly<Record<string, unknown>>): string[] {
  const codes = Array.isArray(parameters['consequences']) ? parameters['consequences'] : [];
  return codes.flatMap((code) => CONSEQUENCES[String(code)]?.() ?? []);
}
