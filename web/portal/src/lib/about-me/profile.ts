import type { PortalPaths } from '@clientconnect/api-client';
import * as m from '@clientconnect/messages';
import { api } from '../api';

/** The client's own profile and contacts. */
export type Profile =
  PortalPaths['/api/portal/v1/profile']['get']['responses'][200]['content']['application/json'];
/** One of the ways to reach them. */
export type Contact = Profile['contacts'][number];
export type ContactKind = Contact['kind'];

/** What a kind of contact is called. */
export const KINDS: Record<ContactKind, () => string> = {
  email: m.contact_email,
  phone: m.contact_phone,
  postal: m.contact_postal,
};

export const loadProfile = (): Promise<Profile> => api.send((to) => to.GET('/api/portal/v1/profile'));
