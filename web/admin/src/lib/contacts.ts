import type { Contact, ContactFields } from './contract';

/** A contact as its form holds it. */
export interface ContactDraft {
  kind: ContactFields['kind'];
  value: string;
  use_contact: boolean;
  main: boolean;
  instructions: string;
}

/** A new one, of the kind that accounts need. */
export const newContact = (): ContactDraft => ({
  kind: 'email',
  value: '',
  use_contact: true,
  main: false,
  instructions: '',
});

export function contactDraftOf(contact: Contact): ContactDraft {
  const { kind, value, use_contact, main, instructions } = contact;
  return { kind, value, use_contact, main, instructions: instructions ?? '' };
}

/** The contact as the API takes it. */
export function contactFieldsOf(contact: ContactDraft): ContactFields {
  return { ...contact, instructions: contact.instructions || null };
}
