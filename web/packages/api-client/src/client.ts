import createClient, { type Client } from 'openapi-fetch';
import type { paths as AdminPaths } from './admin.d.ts';
import type { paths as PortalPaths } from './portal.d.ts';
import { Problem, problemOf } from './problem.ts';

export type Paths = PortalPaths | AdminPaths;

/** Seconds after which a call without an answer counts as lost: one bar of signal is slow, not gone. */
const PATIENCE = 30;

/** A client for one of the two APIs on the page's own origin, whose calls give data or throw a {@link Problem}. */
export interface Api<P extends Paths> {
  /** Calls by path, typed by the contract: `api.send((to) => to.GET('/api/portal/v1/home'))`. */
  send<D>(call: (to: Client<P>) => Promise<{ data?: D; error?: unknown; response: Response }>): Promise<D>;
}

export interface Options {
  /** Asked when a session is missing or over; `true` when there is one again and the call is to be repeated. */
  signInAgain?: (problem: Problem) => Promise<boolean>;
  /** Awaited before a refusal is thrown, e.g. for its text; what goes wrong here changes nothing. */
  beforeRefusal?: () => Promise<void>;
  /** Where the API is, when not on the page's own origin. */
  baseUrl?: string;
  fetch?: typeof globalThis.fetch;
}

/** Makes the client of one site. */
export function createApi<P extends Paths>(options: Options = {}): Api<P> {
  const client = createClient<P>({
    baseUrl: options.baseUrl ?? '',
    credentials: 'same-origin',
    fetch: async (request) => {
      // Changes are JSON, also those that have nothing more to say: other sites can't send that.
      if (request.method !== 'GET') request.headers.set('content-type', 'application/json');
      // Not `AbortSignal.timeout`, which browsers have had only since the middle of 2022.
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), PATIENCE * 1000);
      try {
        const send = options.fetch ?? globalThis.fetch;
        return await send(request, { signal: patience.signal });
      } catch {
        throw new Problem('offline', 0);
      } finally {
        clearTimeout(timer);
      }
    },
  });
  async function once<D>(
    call: (to: Client<P>) => Promise<{ data?: D; error?: unknown; response: Response }>,
  ): Promise<D> {
    const { data, error, response } = await call(client);
    if (response.ok) return data as D;
    await options.beforeRefusal?.().catch(() => {});
    throw problemOf(response, error);
  }
  return {
    async send(call) {
      try {
        return await once(call);
      } catch (thrown) {
        const over = thrown instanceof Problem && thrown.status === 401 && isSession(thrown);
        if (over && (await options.signInAgain?.(thrown))) return await once(call);
        throw thrown;
      }
    },
  };
}

/** Whether a refusal means that nobody is signed in, not that a password was wrong. */
function isSession(problem: Problem): boolean {
  return problem.code === 'not_signed_in' || problem.code === 'session_ended';
}
