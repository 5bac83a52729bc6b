import type { ServerCode } from './codes.ts';

/** A stable code that a text exists for: the API's, or `offline` when no answer came. */
export type Code = ServerCode | 'offline';

/** Why a call did not succeed: an RFC 9457 problem document, a gateway's own refusal, or no answer at all. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: Code,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** What fills the text, e.g. `{ attempts_left: 2 }`. */
    readonly parameters: Readonly<Record<string, unknown>> = {},
    /** Seconds after which to try again, where the server said so. */
    readonly retryAfter?: number,
  ) {
    super(code);
  }
}

/** Whether something thrown is a {@link Problem}, with this code if one is given. */
export function isProblem(thrown: unknown, code?: Code): thrown is Problem {
  return thrown instanceof Problem && (code === undefined || thrown.code === code);
}

/**
 * What API Gateway and the firewall say before an operation runs, in the operations' codes. After 502 and 504 nobody knows
 * whether it ran: they are `internal`.
 */
const GATEWAY: Readonly<Record<number, Code>> = {
  400: 'invalid_request',
  401: 'not_signed_in',
  403: 'not_allowed',
  404: 'not_found',
  413: 'request_too_large',
  415: 'unsupported_content_type',
  429: 'too_many_requests',
  503: 'unavailable',
};

/** Reads a refusal, whoever made it. */
export function problemOf(response: Response, body: unknown): Problem {
  const document = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { code, parameters } = document;
  const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  return new Problem(
    typeof code === 'string' ? (code as Code) : (GATEWAY[response.status] ?? 'internal'),
    response.status,
    typeof parameters === 'object' && parameters !== null ? (parameters as Record<string, unknown>) : {},
    Number.isNaN(seconds) ? undefined : seconds,
  );
}
