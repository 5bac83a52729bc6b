import type { Problem } from '@clientconnect/api-client';
import * as m from '@clientconnect/messages';
import { texts } from './problem-texts';

/** Parameters that are codes themselves, in words. */
const WORDS: Readonly<Record<string, (() => string) | undefined>> = {
  none: m.word_state_none,
  pending: m.word_state_pending,
  active: m.word_state_active,
  locked: m.word_state_locked,
  disabled: m.word_state_disabled,
  closed: m.word_state_closed,
};

/** What to tell the worker about a refusal: what happened, and what to do next. */
export function textOf(problem: Problem): string {
  const text = (texts as Record<string, (parameters: never) => string>)[problem.code] ?? texts.internal;
  const words = Object.entries(problem.parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? (WORDS[value]?.() ?? value) : value,
  ]);
  return text(Object.fromEntries(words) as never);
}
