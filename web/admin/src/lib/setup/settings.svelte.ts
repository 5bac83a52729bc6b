import { Problem } from '@clientconnect/api-client';
import { createContext } from 'svelte';
import { getSettings } from './calls';
import type { Settings } from './contract';

/** The agency's settings: loaded once for all pages of the setup, and as saved after each change. */
export class SettingsRecord {
  /** Why they aren't here. */
  problem = $state.raw<Problem>();
  #current = $state.raw<Settings>();

  get loaded(): boolean {
    return this.#current !== undefined;
  }

  /** The settings. Only for what is shown once they are loaded. */
  get current(): Settings {
    if (!this.#current) throw new Error('the settings are not loaded');
    return this.#current;
  }

  /** Gets them, or says why not in `problem`. */
  async load(): Promise<void> {
    this.problem = undefined;
    try {
      await this.refresh();
    } catch (thrown) {
      this.problem = thrown instanceof Problem ? thrown : new Problem('internal', 0);
    }
  }

  /** Gets them anew. Throws a {@link Problem}. */
  async refresh(): Promise<Settings> {
    return this.show(await getSettings());
  }

  /** These are the newest. */
  show(settings: Settings): Settings {
    this.#current = settings;
    return settings;
  }
}

/** The settings, for the pages below the setup's layout. */
export const [useSettings, provideSettings] = createContext<SettingsRecord>();
