import { isProblem, type PortalPaths } from '@clientconnect/api-client';
import { Submission } from '@clientconnect/ui';
import { language } from '$lib/language.svelte';
import { direct } from '$lib/session.svelte';
import { endingAfter, endingOf, type Ending } from './endings';

/** What the server says of a link. */
export type Looked =
  PortalPaths['/api/portal/v1/links/look']['post']['responses'][200]['content']['application/json'];

/** A mailed link as its page sees it. Looking at it changes nothing, however often (B5). */
export class Looking {
  readonly submission = new Submission();
  /** What it opens, once it was looked at and can be used. */
  usable = $state.raw<Looked>();
  /** Why it can't be used. */
  ending = $state<Ending>();
  /** Whether ClientConnect is off (C2). */
  off = $state(false);

  constructor(readonly purpose: Looked['purpose']) {}

  /** Asks the server. `true` when it can be used. */
  async look(token: string, inLanguage?: Looked['language']): Promise<boolean> {
    await this.submission.run(async () => {
      try {
        const looked = await direct.send((to) =>
          to.POST('/api/portal/v1/links/look', {
            body: { token, ...(inLanguage && { language: inLanguage }) },
          }),
        );
        const other = looked.purpose !== this.purpose;
        this.ending = other ? this.#notValid : endingOf(looked.purpose, looked.link);
        if (this.ending) return;
        if (!inLanguage) language.show(looked.language);
        this.usable = looked;
      } catch (thrown) {
        if (!this.refused(thrown)) throw thrown;
      }
    });
    return this.usable !== undefined && !this.ending && !this.submission.problem;
  }

  /** Whether a refusal ends the matter; what the client can mend does not. */
  refused(thrown: unknown): boolean {
    if (!isProblem(thrown)) return false;
    if (thrown.code === 'portal_off') this.off = true;
    else this.ending = endingAfter(this.purpose, thrown.code);
    return this.off || this.ending !== undefined;
  }

  get #notValid(): Ending {
    return this.purpose === 'activation' ? 'not_valid' : 'reset_not_valid';
  }
}
