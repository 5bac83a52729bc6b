import type { AccountCriteria } from '$lib/contract';
import { dayAfter, startOf } from '../when';

/** Criteria that say nothing of anybody: they stand in the address. */
export interface Filters {
  /** Statuses, each `state` or `state.reason`; none for all. */
  statuses: string[];
  site: string;
  /** Days, `YYYY-MM-DD`; both ends are within. */
  created_from: string;
  created_to: string;
  activated_from: string;
  activated_to: string;
  /** `never`, or `before` the day. */
  signed_in: string;
  signed_in_before: string;
  /** Days, as typed. */
  expiring: string;
  bounced: boolean;
  newest: boolean;
}

/** Criteria that are personal: they stay in the browser's history. */
export interface Typed {
  name: string;
  email: string;
  birth_date: string;
}

export const NOTHING_TYPED: Typed = { name: '', email: '', birth_date: '' };

/** What can be chosen of an account's status, by its code. */
export const STATUSES = [
  'pending',
  'active',
  'locked.suspended',
  'locked.failed_sign_ins',
  'disabled',
  'closed.expired',
  'closed.wrong_birth_date',
  'closed.cancelled',
  'closed.closed_by_worker',
] as const;

const TEXTS = [
  'site',
  'created_from',
  'created_to',
  'activated_from',
  'activated_to',
  'signed_in',
  'signed_in_before',
  'expiring',
] as const satisfies ReadonlyArray<keyof Filters>;

const FLAGS = ['bounced', 'newest'] as const satisfies ReadonlyArray<keyof Filters>;

/** The filters that an address holds; what it holds besides is nothing to us. */
export function filtersOf(query: URLSearchParams): Filters {
  const wanted = query.get('status')?.split(',') ?? [];
  return {
    ...(Object.fromEntries(TEXTS.map((name) => [name, query.get(name) ?? ''])) as Record<
      (typeof TEXTS)[number],
      string
    >),
    ...(Object.fromEntries(FLAGS.map((name) => [name, query.get(name) === 'yes'])) as Record<
      (typeof FLAGS)[number],
      boolean
    >),
    statuses: STATUSES.filter((status) => wanted.includes(status)),
  };
}

/** The filters as an address holds them. */
export function queryOf(filters: Filters): string {
  const query = new URLSearchParams();
  if (filters.statuses.length > 0) query.set('status', filters.statuses.join(','));
  for (const name of TEXTS) if (filters[name]) query.set(name, filters[name]);
  for (const name of FLAGS) if (filters[name]) query.set(name, 'yes');
  return query.toString().replaceAll('%2C', ',');
}

/** What the server is to look for, days being those of the agency's zone. */
export function criteriaOf(filters: Filters, typed: Typed, zone: string): AccountCriteria {
  const from = (day: string) => day && startOf(day, zone);
  const to = (day: string) => day && startOf(dayAfter(day), zone);
  const all = {
    statuses: filters.statuses.map((status) => {
      const [state, reason] = status.split('.');
      return { state, ...(reason && { reason }) };
    }),
    name: typed.name.trim(),
    email: typed.email.trim(),
    birth_date: typed.birth_date,
    site_id: filters.site,
    created_from: from(filters.created_from),
    created_to: to(filters.created_to),
    activated_from: from(filters.activated_from),
    activated_to: to(filters.activated_to),
    last_signed_in_before: filters.signed_in === 'before' ? from(filters.signed_in_before) : '',
    never_signed_in: filters.signed_in === 'never',
    expiring_within_days: Number(filters.expiring),
    mail_bounced: filters.bounced,
  };
  const said = Object.entries(all).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
  return Object.fromEntries(said) as AccountCriteria;
}
