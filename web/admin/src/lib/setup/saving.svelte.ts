import { isProblem } from '@clientconnect/api-client';
import { Submission } from '@clientconnect/ui';
import type { Settings } from './contract';
import type { SettingsRecord } from './settings.svelte';

/** Somebody else's save: who, and when, where that is known. */
export interface Meanwhile {
  by: string | undefined;
  at: string | undefined;
}

/** Saves over the version that was read, and knows what stands in the way: another's save, or what needs a second word. */
export class Saving {
  readonly submission = new Submission();
  /** Somebody else saved since this was read. Nothing of ours is saved then. */
  meanwhile = $state.raw<Meanwhile>();
  /** The save would switch ClientConnect off for clients: it waits for a yes. */
  wouldSwitchOff = $state(false);

  #version: number;

  constructor(private readonly record: SettingsRecord) {
    this.#version = record.current.version;
  }

  get problem() {
    return this.submission.problem;
  }

  /**
   * Saves with `write`, unless somebody else saved before: then `meet` takes in what is saved now.
   * `true` when it is saved.
   */
  async save(
    write: (version: number, confirmed: boolean) => Promise<Settings>,
    meet: (now: Settings) => unknown = () => {},
  ): Promise<boolean> {
    let saved = false;
    const confirmed = this.wouldSwitchOff;
    await this.submission.run(async () => {
      this.meanwhile = undefined;
      try {
        this.record.show(await write(this.#version, confirmed));
        saved = true;
        this.wouldSwitchOff = false;
      } catch (thrown) {
        if (isProblem(thrown, 'would_switch_off')) {
          this.wouldSwitchOff = true;
          return;
        }
        this.wouldSwitchOff = false;
        if (!isProblem(thrown, 'settings_changed')) throw thrown;
        const now = await this.record.refresh();
        this.#version = now.version;
        const { by, at } = thrown.parameters;
        this.meanwhile = {
          by: typeof by === 'string' ? by : undefined,
          at: typeof at === 'string' ? at : undefined,
        };
        await meet(now);
      }
    });
    return saved;
  }
}
