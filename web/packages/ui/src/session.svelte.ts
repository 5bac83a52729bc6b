/** When a session ends, as the API tells it. */
export interface SessionTimes {
  /** Seconds until it ends unless extended. */
  idle_seconds: number;
  /** Seconds until it ends in any case. */
  total_seconds: number;
  /** Seconds before the end at which to warn. */
  warn_seconds: number;
}

/** How a site asks its server about the session; each throws a `Problem`. */
export interface SessionServer {
  /** Asks for more time. */
  extend(): Promise<SessionTimes>;
  /** Says whose session there is and when it ends, without prolonging it. */
  look(): Promise<{ owner: string; times: SessionTimes }>;
  signOut(): Promise<unknown>;
}

/** Activity is told to the server at most this often, in milliseconds. */
const EXTEND_EVERY = 60_000;
/** Milliseconds after which a sign-out that didn't reach the server is tried again. */
const TRY_AGAIN = 5_000;
/** A session with fewer seconds left isn't worth opening a page for. */
const TOO_SHORT = 5;

/** What one tab tells the others of the site. */
type Told =
  { kind: 'began' } | { kind: 'ended' } | { kind: 'left' } | { kind: 'extended'; times: SessionTimes };

/**
 * The session as this page knows it: counts down, is prolonged by activity, warns before it ends. All tabs of the
 * site share what one of them learns.
 */
export class Session {
  /**
   * `none`: nobody was signed in on this page. `ended`: it is over, what was on the page stays in memory, out of sight.
   * `leaving`: signing out, until the server knows. `left`: there is nothing here any more.
   */
  state = $state<'none' | 'open' | 'ended' | 'leaving' | 'left'>('none');
  /** Seconds left, while the end is so near that the client is to be asked; else none. */
  left = $state<number>();
  /** Whether more time can be had: not when the longest time that is allowed is nearly over. */
  canExtend = $state(true);
  /** Whether a sign-out hasn't reached the server and is being tried again. */
  unreached = $state(false);

  #owner: string | undefined;
  #idleEnd = 0;
  #end = 0;
  #warn = 0;
  #extended = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: Array<(again: boolean) => void> = [];
  #channel: BroadcastChannel | undefined;
  readonly #server: SessionServer;
  readonly #load: (where: 'start' | 'signed-out') => void;

  /** `name` tells the two sites apart; `load` loads a page afresh, so that nothing of this one is left in memory. */
  constructor(name: string, server: SessionServer, load: (where: 'start' | 'signed-out') => void) {
    this.#server = server;
    this.#load = load;
    if (typeof BroadcastChannel === 'undefined') return;
    this.#channel = new BroadcastChannel(`clientconnect-${name}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Told>) => this.#hear(data);
  }

  /** Somebody has just signed in; what was open here or in other tabs may be another's. */
  began(): void {
    this.#tell({ kind: 'began' });
  }

  /**
   * The server says whose session there is. Opens the page and lets the calls that waited go on; `false` when the
   * page is somebody else's, which then begins anew.
   */
  found(owner: string, times: SessionTimes): boolean {
    if (this.state === 'leaving' || this.state === 'left') return false;
    if (this.#owner !== undefined && this.#owner !== owner) {
      this.startAnew();
      return false;
    }
    this.#owner = owner;
    this.#set(times);
    this.#answer(true);
    return true;
  }

  /** The same person is called otherwise from now on. */
  rename(owner: string): void {
    this.#owner = owner;
  }

  /** Asks the server whose session there is, and opens the page if it is this page's. */
  async look(): Promise<void> {
    const { owner, times } = await this.#server.look();
    this.found(owner, times);
  }

  /** Waits until the client has signed in again over the page; `false` at once where nobody was. */
  signInAgain(): Promise<boolean> {
    if (this.state !== 'open' && this.state !== 'ended') return Promise.resolve(false);
    if (this.state === 'open') this.#tell({ kind: 'ended' });
    this.#over();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Somebody does something: tells the server now and then, unless the warning already asks them. */
  touch(): void {
    this.#tick();
    if (this.state !== 'open' || this.left !== undefined) return;
    if (Date.now() - this.#extended < EXTEND_EVERY) return;
    // Without an answer the countdown goes on, and warns.
    this.extend().catch(() => {});
  }

  /** Asks for more time. A refusal ends the session here, too; throws when there is no answer. */
  async extend(): Promise<void> {
    this.#extended = Date.now();
    try {
      const times = await this.#server.extend();
      if (this.state !== 'open') return;
      this.#set(times);
      this.#tell({ kind: 'extended', times });
    } catch (thrown) {
      if (!isOver(thrown)) throw thrown;
      this.#tell({ kind: 'ended' });
      this.#over();
    }
  }

  /** Signs out here and in all tabs. Out of sight at once; tries until the server knows. */
  async signOut(): Promise<void> {
    clearTimeout(this.#timer);
    this.left = undefined;
    this.state = 'leaving';
    try {
      await this.#server.signOut();
    } catch (thrown) {
      if (!isOver(thrown)) {
        this.unreached = true;
        this.#timer = setTimeout(() => void this.signOut(), TRY_AGAIN);
        return;
      }
    }
    this.#tell({ kind: 'left' });
    this.#leave('signed-out');
  }

  /** Leaves everything of this page behind, for whoever comes. */
  startAnew(): void {
    this.#leave('start');
  }

  #hear(told: Told): void {
    if (this.state === 'none' || this.state === 'left') return;
    if (told.kind === 'left') this.#leave('signed-out');
    else if (this.state === 'leaving') return;
    else if (told.kind === 'began') this.#ask();
    else if (told.kind === 'ended') this.#over();
    else if (this.state === 'open') this.#set(told.times);
  }

  /** Hides the page and shows it again if the server says that it may be seen. */
  #ask(): void {
    this.#over();
    this.#server.look().then(
      ({ owner, times }) => {
        const worthwhile = Math.min(times.idle_seconds, times.total_seconds) > TOO_SHORT;
        if (worthwhile) this.found(owner, times);
      },
      () => {},
    );
  }

  #set(times: SessionTimes): void {
    const now = Date.now();
    this.#idleEnd = now + times.idle_seconds * 1000;
    this.#end = now + times.total_seconds * 1000;
    this.#warn = times.warn_seconds * 1000;
    this.#extended = now;
    this.state = 'open';
    this.#tick();
  }

  #over(): void {
    clearTimeout(this.#timer);
    this.left = undefined;
    if (this.state === 'open') this.state = 'ended';
  }

  #leave(where: 'start' | 'signed-out'): void {
    this.#over();
    this.state = 'left';
    this.#owner = undefined;
    this.#answer(false);
    this.#load(where);
  }

  #tick = (): void => {
    if (this.state !== 'open') return;
    clearTimeout(this.#timer);
    const now = Date.now();
    const left = Math.min(this.#idleEnd, this.#end) - now;
    if (left <= 0) {
      // A tab that slept may have missed that another one was used.
      this.#ask();
      return;
    }
    this.canExtend = this.#end - now > this.#warn;
    this.left = left <= this.#warn ? Math.ceil(left / 1000) : undefined;
    this.#timer = setTimeout(this.#tick, left <= this.#warn ? 1000 : left - this.#warn);
  };

  #answer(again: boolean): void {
    const calls = this.#waiting;
    this.#waiting = [];
    for (const go of calls) go(again);
  }

  #tell(told: Told): void {
    this.#channel?.postMessage(told);
  }
}

/** Whether a refusal says that there is no session. */
function isOver(thrown: unknown): boolean {
  return (thrown as { status?: number }).status === 401;
}
