import { Problem } from '@clientconnect/api-client';
import { texts } from './problem-texts';

/** What to tell the client about a refusal: what happened, and what to do next. */
export function textOf(problem: Problem): string {
  const text = (texts as Record<string, (parameters: never) => string>)[problem.code] ?? texts.internal;
  return text(problem.parameters as never);
}
