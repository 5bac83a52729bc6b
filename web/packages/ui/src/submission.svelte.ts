import { untrack } from 'svelte';
import { Problem } from '@clientconnect/api-client';

/** One form's way to the server: whether it is under way, and why it did not succeed. */
export class Submission {
  busy = $state(false);
  /** Why the last try did not succeed; gone as soon as another begins. */
  problem = $state.raw<Problem>();

  /**
   * Does the work unless it is under way already. `true` when it succeeded.
   * What isn't a {@link Problem} is a fault of ours and shown as one.
   */
  async run(work: () => Promise<void>): Promise<boolean> {
    // Not tracked: an effect that begins this work would be run by it again.
    if (untrack(() => this.busy)) return false;
    this.busy = true;
    this.problem = undefined;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.problem = thrown instanceof Problem ? thrown : new Problem('internal', 0);
      if (!(thrown instanceof Problem)) console.error(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
