import type { Problem } from '@clientconnect/api-client';

/** What the API says is wrong with a field, as a sentence; nothing when it is about another. */
export function wrongWith(problem: Problem | undefined, field: string): string | undefined {
  if (problem?.code !== 'invalid_request' || problem.parameters['field'] !== field) return undefined;
  return sentence(String(problem.parameters['detail'] ?? ''));
}

/** With a capital and a full stop. */
export function sentence(detail: string): string {
  return detail && `${detail[0]?.toUpperCase()}${detail.slice(1)}${/[.?!]$/.test(detail) ? '' : '.'}`;
}
