import type { Problem } from '@clientconnect/api-client';
import * as m from '@clientconnect/messages';

type Texts = Readonly<Record<string, (parameters: never) => string>>;

/** What must be said without the server's help. The other texts come with the first refusal. */
let texts: Texts = { offline: m.offline_problem, internal: m.problem_internal };

/** Fetches what refusals say, once; awaited before one is shown. */
export async function fetchTexts(): Promise<void> {
  ({ texts } = await import('./problem-texts'));
}

/** What to tell the client about a refusal: what happened, and what to do next. */
export function textOf(problem: Problem): string {
  const text = texts[problem.code] ?? texts['internal'];
  return text?.(problem.parameters as never) ?? '';
}
