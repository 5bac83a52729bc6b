import type { Individual, Language, ProfileFields } from './contract';

/** A profile as its form holds it: what is empty is an empty text. */
export interface Profile {
  first_name: string;
  middle_name: string;
  last_name: string;
  preferred_name: string;
  gender: string;
  language: Language;
  site_id: string;
  worker_ids: string[];
  external_ids: Array<{ source: string; id: string }>;
}

/** What the form calls them. */
export const LABELS = {
  first_name: 'First name',
  middle_name: 'Middle name',
  last_name: 'Last name',
  preferred_name: 'Called',
  gender: 'Gender',
  language: 'Language',
  site_id: 'Home site',
  worker_ids: 'Workers',
  external_ids: 'IDs in other systems',
} as const satisfies Record<keyof Profile, string>;

export function profileOf(individual: Individual): Profile {
  return {
    first_name: individual.first_name,
    middle_name: individual.middle_name ?? '',
    last_name: individual.last_name,
    preferred_name: individual.preferred_name ?? '',
    gender: individual.gender ?? '',
    language: individual.language,
    site_id: individual.site_id,
    worker_ids: [...individual.worker_ids],
    external_ids: Object.entries(individual.external_ids).map(([source, id]) => ({ source, id })),
  };
}

/** The profile as the API takes it. */
export function fieldsOf(profile: Profile): ProfileFields {
  const { external_ids, ...rest } = profile;
  const given = external_ids.filter(({ source, id }) => source || id);
  return {
    ...rest,
    middle_name: rest.middle_name || null,
    preferred_name: rest.preferred_name || null,
    gender: rest.gender || null,
    external_ids: Object.fromEntries(given.map(({ source, id }) => [source, id])),
  };
}
