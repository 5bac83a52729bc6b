import { test as base, expect, type Page } from '@playwright/test';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { copyFor, DEMO } from './demo.ts';
import { start, type Server } from './server.ts';

export { expect };
export type { Page };

/** A mail in the local mailbox. */
export interface Mail {
  to: string[];
  subject: string;
  text: string;
  html: string;
}

/** The people of the demo agency that tests sign in as. */
export const WORKERS = {
  systemAdministrator: {
    email: 'robin.ashdown@alderquay.example.org',
    password: 'demo-only-granite-harp-window',
  },
  intake: { email: 'ingrid.solberg@alderquay.example.org', password: 'demo-only-walrus-teapot-drizzle' },
  restricted: { email: 'daniel.whitfield@alderquay.example.org', password: 'demo-only-thimble-orbit-cactus' },
  clinical: { email: 'carmen.ibanez@alderquay.example.org', password: 'demo-only-marble-kite-lantern' },
} as const;

/** One test's server, with what stands beside it: mailbox, clock, and the APIs as another person would use them. */
export class World {
  constructor(readonly server: Server) {}

  get portal(): string {
    return this.server.portal;
  }

  get admin(): string {
    return this.server.admin;
  }

  /** Mails to an address, oldest first, once there are at least so many. */
  async mails(to: string, atLeast = 1): Promise<Mail[]> {
    let found: Mail[] = [];
    await expect
      .poll(async () => {
        const { mails } = await this.#local<{ mails: Mail[] }>('GET', 'mail.json');
        found = mails.filter((mail) => mail.to.some((address) => address.includes(to)));
        return found.length;
      })
      .toBeGreaterThanOrEqual(atLeast);
    return found;
  }

  /** The newest link of a kind that was mailed to an address, e.g. `activate` or `reset`, once there are so many. */
  async link(to: string, kind: string, atLeast = 1): Promise<string> {
    let links: string[] = [];
    await expect
      .poll(async () => {
        const mails = await this.mails(to);
        links = mails.flatMap(({ text }) => text.match(new RegExp(`http\\S+/${kind}#\\S+`)) ?? []);
        return links.length;
      })
      .toBeGreaterThanOrEqual(atLeast);
    // The demo's own mails were written by a server at another port.
    const newest = links.at(-1) ?? '';
    const ours = [this.portal, this.admin].some((origin) => newest.startsWith(origin));
    return ours ? newest : newest.replace(/^http:\/\/[^/]+/, this.portal);
  }

  /** Moves the server's clock. */
  async advance(seconds: number): Promise<void> {
    await this.#local('POST', 'clock', { advance_seconds: seconds });
  }

  /** What the server's clock shows. */
  async now(): Promise<Date> {
    return new Date((await this.#local<{ now: string }>('GET', 'clock')).now);
  }

  /** Runs a job by hand, as its schedule would. */
  async run(job: string, event: object = {}): Promise<unknown> {
    return ask(this.portal, 'POST', `/2015-03-31/functions/${job}/invocations`, event).then(
      ({ body }) => body,
    );
  }

  /** Who is in the demo, with passwords. */
  async demo(): Promise<Demo> {
    return this.#local<Demo>('GET', 'demo.json');
  }

  /** The first client of the demo of whom it says so, e.g. `Active:` or `Pending: invited yesterday`. */
  async client(is: string): Promise<DemoClient> {
    const found = (await this.demo()).clients.find((client) => client.is.startsWith(is));
    if (!found) throw new Error(`nobody in the demo is "${is}"`);
    return found;
  }

  /** A worker's own session beside the browser's, to prepare what a test needs. */
  async as(worker: { email: string; password: string }): Promise<Colleague> {
    const { cookies } = await ask(this.admin, 'POST', '/api/admin/v1/session', worker);
    return new Colleague(this.admin, '/api/admin/v1', cookies);
  }

  /** As {@link as}, for a client whose account is Active. */
  async asClient({ email, password }: DemoClient): Promise<Caller> {
    const { cookies } = await ask(this.portal, 'POST', '/api/portal/v1/session', { email, password });
    return new Caller(this.portal, '/api/portal/v1', cookies);
  }

  async #local<T>(method: string, path: string, body?: object): Promise<T> {
    return (await ask(this.portal, method, `/_local/${path}`, body)).body as T;
  }
}

/** Keeps the answers to a call on their way, as a slow network does: what each says is settled, when it comes isn't. */
export class HeldBack {
  #let = () => {};
  #answered = () => {};
  /** Once the server has answered. */
  readonly answered = new Promise<void>((resolve) => (this.#answered = resolve));
  readonly #released = new Promise<void>((resolve) => (this.#let = resolve));

  /** From now on, for addresses that match. */
  static async of(page: Page, addresses: string): Promise<HeldBack> {
    const held = new HeldBack();
    await page.route(addresses, async (route) => {
      const response = await route.fetch();
      held.#answered();
      await held.#released;
      await route.fulfill({ response });
    });
    return held;
  }

  /** Lets them arrive. */
  release(): void {
    this.#let();
  }
}

/** Somebody with an account in the demo. */
export interface DemoClient {
  external_id: string;
  name: string;
  birth_date: string;
  email: string;
  /** What there is to see. */
  is: string;
  /** Where there is one yet. */
  password?: string;
}

export interface Demo {
  clients: DemoClient[];
}

/** Somebody signed in who uses an API. */
export class Caller {
  constructor(
    private readonly origin: string,
    private readonly api: string,
    private readonly cookies: string,
  ) {}

  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { cookie: this.cookies, 'idempotency-key': crypto.randomUUID() };
    return (await ask(this.origin, method, `${this.api}${path}`, body, headers)).body as T;
  }
}

/** A signed-in worker. */
export class Colleague extends Caller {
  /** The id of the one individual whom these beginnings of names find. */
  async find(name: string): Promise<string> {
    const { individuals } = await this.ask<{ individuals: Array<{ individual_id: string }> }>(
      'POST',
      '/individuals/search',
      { name },
    );
    const [one] = individuals;
    if (!one) throw new Error(`nobody is found by ${name}`);
    return one.individual_id;
  }
}

async function ask(
  origin: string,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ body: unknown; cookies: string }> {
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers: { origin, 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  return { body: text ? JSON.parse(text) : undefined, cookies: cookies.join('; ') };
}

/** Tests of the real product: `world` is this test's own, `page` fails it on any error in the browser's console. */
export const test = base.extend<{ world: World; variables: Record<string, string> }>({
  /** For the server's environment: `test.use({ variables: { … } })`. */
  variables: [{}, { option: true }],
  world: async ({ variables }, use, testInfo) => {
    const file = copyFor(testInfo.testId);
    for (const beside of ['', '-wal', '-shm']) {
      // Another agency than the demo's is loaded for the test.
      if (!variables['DEMO_DIR'] && existsSync(DEMO + beside)) copyFileSync(DEMO + beside, file + beside);
    }
    const server = await start(file, variables);
    await use(new World(server));
    await server.stop();
    for (const beside of ['', '-wal', '-shm']) rmSync(file + beside, { force: true });
  },
  // With the world, so that pages are closed before their server is.
  context: async ({ context, world: _ }, use) => {
    const wrong: string[] = [];
    context.on('console', (message) => {
      // What Chromium says of a refusal (4xx) is the API's answer, which the page shows; so is that the test cut it off.
      const expected =
        /^Failed to load resource: (the server responded with a status of 4|net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED))/;
      if (message.type() === 'error' && !expected.test(message.text())) wrong.push(message.text());
    });
    context.on('weberror', (error) => wrong.push(String(error.error())));
    await use(context);
    expect(wrong, 'errors in the console').toEqual([]);
  },
});
