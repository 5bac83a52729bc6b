import type { Code, Problem } from '@clientconnect/api-client';

const CODES: readonly Code[] = ['password_too_short', 'password_too_long', 'password_guessable'];

/** A refusal, if it is about the password that was chosen: it belongs at that field. */
export const aboutPassword = (problem: Problem | undefined): Problem | undefined =>
  problem && CODES.includes(problem.code) ? problem : undefined;
