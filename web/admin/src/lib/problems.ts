import type { Problem } from '@clientconnect/api-client';
import * as m from '@clientconnect/messages';
import { texts } from './problem-texts';

/** Parameters that are codes themselves, in words. */
const WORDS: Readonly<Record<string, Readonly<Record<string, (() => string) | undefined>> | undefined>> = {
  state: {
    none: m.word_state_none,
    pending: m.word_state_pending,
    active: m.word_state_active,
    locked: m.word_state_locked,
    disabled: m.word_state_disabled,
    closed: m.word_state_closed,
  },
  action: {
    activate: m.word_action_activate,
    ask_again: m.word_action_ask_again,
    change_email: m.word_action_change_email,
    change_password: m.word_action_change_password,
    close: m.word_action_close,
    correct_birth_date: m.word_action_correct_birth_date,
    create: m.word_action_create,
    disable: m.word_action_disable,
    enable: m.word_action_enable,
    expire: m.word_action_expire,
    fail_sign_in: m.word_action_fail_sign_in,
    force_reset: m.word_action_force_reset,
    forget_password: m.word_action_forget_password,
    give_consent: m.word_action_give_consent,
    miss_birth_date: m.word_action_miss_birth_date,
    reopen: m.word_action_reopen,
    resend: m.word_action_resend,
    reset_password: m.word_action_reset_password,
    sign_in: m.word_action_sign_in,
    suspend: m.word_action_suspend,
    unlock: m.word_action_unlock,
    use_link: m.word_action_use_link,
  },
};

/** What to tell the worker about a refusal: what happened, and what to do next. */
export function textOf(problem: Problem): string {
  const text = (texts as Record<string, (parameters: never) => string>)[problem.code] ?? texts.internal;
  const words = Object.entries(problem.parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? (WORDS[name]?.[value]?.() ?? value) : value,
  ]);
  return text(Object.fromEntries(words) as never);
}
