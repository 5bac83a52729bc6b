import type { Problem } from '@clientconnect/api-client';
import { sentence, wrongWith } from '$lib/wrong';

interface Refused {
  field: string;
  help: string;
}

/** What the API says is wrong with a field of the settings, or with a part of it. */
export function refusalOf(problem: Problem | undefined, path: string): string | undefined {
  if (problem?.code !== 'settings_refused') return wrongWith(problem, path);
  const fields = problem.parameters['fields'] as readonly Refused[];
  const found = fields.find(({ field }) => field === path || field.startsWith(`${path}.`));
  return found && sentence(found.help);
}
