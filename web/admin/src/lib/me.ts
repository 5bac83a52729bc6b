import { createContext } from 'svelte';
import type { Me, Permission } from './contract';

/** The worker who is signed in. */
export class Worker {
  constructor(readonly me: Me) {}

  /** Whether the worker may do it; what they may not isn't offered. */
  may(permission: Permission): boolean {
    return this.me.permissions.includes(permission);
  }

  /** Whether there is nothing here for them until they have set up a second factor. */
  get mustEnrol(): boolean {
    return this.me.auth_level === 'password' && this.me.second_factor.required;
  }

  /** IANA name of the agency's zone, in which times are shown. */
  get zone(): string {
    return this.me.agency_footer.time_zone;
  }
}

/** Who is signed in, for everything inside the shell. */
export const [useWorker, provideWorker] = createContext<Worker>();
