import { api } from '$lib/api';
import type { Service, ServiceKind } from '$lib/contract';
import type { Intent } from '$lib/intent';
import type { Page } from '$lib/paged.svelte';

/** What staff call the four kinds, one and many; where they are listed; what their runs are. */
export const KINDS = {
  case_service: {
    name: 'Case Service',
    many: 'Case Services',
    href: '/services',
    runs: 'group',
    above: null,
  },
  informal_service: {
    name: 'Informal Service',
    many: 'Informal Services',
    href: '/services/informal',
    runs: 'informal_series',
    above: null,
  },
  group: { name: 'Group', many: 'Groups', href: '/services/groups', runs: null, above: 'case_service' },
  informal_series: {
    name: 'Informal Series',
    many: 'Informal Series',
    href: '/services/series',
    runs: null,
    above: 'informal_service',
  },
} as const satisfies Record<
  ServiceKind,
  { name: string; many: string; href: string; runs: ServiceKind | null; above: ServiceKind | null }
>;

/** What *Visible in ClientConnect* is set to, in words. */
export const VISIBILITIES = {
  as_service: 'As its service',
  visible: 'Visible',
  hidden: 'Hidden',
} as const satisfies Record<Service['visibility'], string>;

/** What services are looked for by. */
export interface ServiceCriteria {
  kind: ServiceKind;
  /** Only the groups or series of this service. */
  parent?: string;
  /** Only active or only inactive ones; all when left out. */
  active?: boolean;
}

/** A page of services, by name. */
export async function services(criteria: ServiceCriteria, cursor?: string): Promise<Page<Service>> {
  const { active, ...rest } = criteria;
  const query = {
    ...rest,
    ...(active !== undefined && { active: String(active) }),
    ...(cursor && { cursor }),
  };
  const page = await api.send((to) => to.GET('/api/admin/v1/services', { params: { query } }));
  return { items: page.services, next: page.next_cursor };
}

/** All of them, for what forms offer. Throws a `Problem`. */
export async function allServices(criteria: ServiceCriteria): Promise<Service[]> {
  const all: Service[] = [];
  let cursor: string | undefined;
  do {
    const page = await services(criteria, cursor);
    all.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor);
  return all;
}

/** *Eligible for Pre-Enrollment*, and whether it is offered. */
export function eligibilityOf({ eligible, offered, visible, active }: Service): string {
  if (!eligible) return 'No';
  if (offered) return 'Yes';
  return `Yes, but not offered: ${!active ? 'inactive' : visible ? 'has no Client Facing Name' : 'hidden'}`;
}

/** *Visible in ClientConnect*; of a group or series, also what that comes to. */
export function visibilityOf({ visibility, visible }: Service): string {
  const comesTo = VISIBILITIES[visible ? 'visible' : 'hidden'];
  return visibility === 'as_service' ? `${VISIBILITIES.as_service}: ${comesTo.toLowerCase()}` : comesTo;
}

/** What is written of a service. */
export type ServiceFields = Pick<Service, keyof ServiceDraft>;

/** A service as its form holds it: what is empty is an empty text. */
export interface ServiceDraft {
  name: string;
  client_facing_name: string;
  visibility: Service['visibility'];
  eligible: boolean;
  event_minutes: string;
  site_id: string;
  starts_on: string;
  ends_on: string;
}

/** What the form calls them. */
export const LABELS = {
  name: 'Name',
  client_facing_name: 'Client Facing Name',
  visibility: 'Visible in ClientConnect',
  eligible: 'Eligible for Pre-Enrollment via ClientConnect',
  event_minutes: 'Length of an event in minutes',
  site_id: 'Site',
  starts_on: 'First day',
  ends_on: 'Last day',
} as const satisfies Record<keyof ServiceDraft, string>;

export const draftOf = (service: Service): ServiceDraft => ({
  name: service.name,
  client_facing_name: service.client_facing_name ?? '',
  visibility: service.visibility,
  eligible: service.eligible,
  event_minutes: service.event_minutes?.toString() ?? '',
  site_id: service.site_id ?? '',
  starts_on: service.starts_on ?? '',
  ends_on: service.ends_on ?? '',
});

/** A new one: hidden, or as its service. */
export const newDraft = (kind: ServiceKind): ServiceDraft => ({
  name: '',
  client_facing_name: '',
  visibility: KINDS[kind].above ? 'as_service' : 'hidden',
  eligible: false,
  event_minutes: '',
  site_id: '',
  starts_on: '',
  ends_on: '',
});

/** A service as the API takes it. */
export const fieldsOf = (draft: ServiceDraft): ServiceFields => ({
  name: draft.name,
  client_facing_name: draft.client_facing_name.trim() || null,
  visibility: draft.visibility,
  eligible: draft.eligible,
  event_minutes: draft.event_minutes ? Number(draft.event_minutes) : null,
  site_id: draft.site_id || null,
  starts_on: draft.starts_on || null,
  ends_on: draft.ends_on || null,
});

/** Saves a service as a whole, over a version of it. Throws a `Problem`. */
export type SaveService = (
  wanted: ServiceFields & { version: number; active?: boolean; reset_overrides: boolean; confirmed: boolean },
  intent: Intent,
) => Promise<void>;
