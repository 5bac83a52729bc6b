import type { PortalPaths } from '@clientconnect/api-client';
import { language } from './language.svelte';
import { direct, session } from './session.svelte';

/** What the client sees first. */
export type HomePage =
  PortalPaths['/api/portal/v1/home']['get']['responses'][200]['content']['application/json'];

class Home {
  /** Who is signed in, and what is on for them; none until it is loaded. */
  current = $state.raw<HomePage>();
  #coming: Promise<HomePage> | undefined;

  /** Gets it once for all pages, and begins the session. Throws a `Problem`, with status 401 when nobody is signed in. */
  load(): Promise<HomePage> {
    if (this.current) return Promise.resolve(this.current);
    this.#coming ??= this.refresh().finally(() => (this.#coming = undefined));
    return this.#coming;
  }

  /** Gets it again. */
  async refresh(): Promise<HomePage> {
    const home = await direct.send((to) => to.GET('/api/portal/v1/home'));
    if (!session.found(home.email, home.session)) return home;
    language.show(home.language);
    this.current = home;
    return home;
  }

  /** Somebody has just signed in, who may be another. */
  forget(): void {
    this.current = undefined;
  }

  /** The client changed this themselves. */
  update(part: Partial<Pick<HomePage, 'email' | 'language'>>): void {
    if (!this.current) return;
    this.current = { ...this.current, ...part };
    session.rename(this.current.email);
  }
}

/** The signed-in client's home page, for every page that needs to know who is here. */
export const home = new Home();
