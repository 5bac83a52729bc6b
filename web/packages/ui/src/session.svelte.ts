/** When a session ends, as the API tells it. */
export interface SessionTimes {
  /** Seconds until it ends unless extended. */
  idle_seconds: number;
  /** Seconds until it ends in any case. */
  total_seconds: number;
  /** Seconds before the end at which to warn. */
  warn_seconds: number;
}

/** Activity is told to the server at most this often, in milliseconds. */
const EXTEND_EVERY = 60_000;

type Told = { kind: 'times'; times: SessionTimes } | { kind: 'ended' };

/**
 * The session as this page knows it: counts down, is prolonged by activity, warns before it ends. All tabs of the
 * site share what one of them learns.
 */
export class Session {
  /** `ended` once it was open and is over; what was on the page stays in memory, out of sight. */
  state = $state<'none' | 'open' | 'ended'>('none');
  /** Seconds left, while the end is so near that the client is to be asked; else none. */
  left = $state<number>();

  #idleEnd = 0;
  #end = 0;
  #warn = 0;
  #extended = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #channel: BroadcastChannel | undefined;
  readonly #extend: () => Promise<SessionTimes>;

  /** `name` tells the two sites apart; `extend` asks the server for more time. */
  constructor(name: string, extend: () => Promise<SessionTimes>) {
    this.#extend = extend;
    if (typeof BroadcastChannel === 'undefined') return;
    this.#channel = new BroadcastChannel(`clientconnect-${name}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Told>) => {
      if (this.state === 'none') return;
      if (data.kind === 'times') this.#set(data.times);
      else this.#over();
    };
  }

  /** A session was opened, prolonged, or found open. */
  begin(times: SessionTimes): void {
    this.#set(times);
    this.#tell({ kind: 'times', times });
  }

  /** The server says that there is none any more, or somebody signed out. */
  end(): void {
    if (this.state === 'open') this.#tell({ kind: 'ended' });
    this.#over();
  }

  /** Forgets it: nobody is signed in on this page. */
  forget(): void {
    clearTimeout(this.#timer);
    this.state = 'none';
    this.left = undefined;
  }

  /** Somebody does something: tells the server now and then, unless the warning already asks them. */
  touch(): void {
    if (this.state !== 'open' || this.left !== undefined) return;
    if (Date.now() - this.#extended < EXTEND_EVERY) return;
    void this.extend();
  }

  /** Asks for more time. Without an answer the countdown goes on; a refusal ends the session here, too. */
  async extend(): Promise<void> {
    this.#extended = Date.now();
    try {
      this.begin(await this.#extend());
    } catch (thrown) {
      if ((thrown as { status?: number }).status === 401) this.end();
    }
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

  #tick = (): void => {
    clearTimeout(this.#timer);
    if (this.state !== 'open') return;
    const left = Math.min(this.#idleEnd, this.#end) - Date.now();
    if (left <= 0) {
      this.end();
      return;
    }
    this.left = left <= this.#warn ? Math.ceil(left / 1000) : undefined;
    this.#timer = setTimeout(this.#tick, left <= this.#warn ? 1000 : left - this.#warn);
  };

  /** Whether more time can be had, or the twelve hours are over. */
  get canExtend(): boolean {
    return this.#end - Date.now() > this.#warn;
  }

  #tell(told: Told): void {
    this.#channel?.postMessage(told);
  }
}
