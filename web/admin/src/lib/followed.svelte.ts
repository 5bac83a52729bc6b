import { isProblem, Problem } from '@clientconnect/api-client';

/** Milliseconds between two looks: soon at first, for most work is short. */
const SOON = 1000;
const LATER = 5000;

/** Work that goes on by itself at the server, looked at again and again until it is over. */
export class Followed<Job> {
  /** As it was at the last look. */
  now = $state.raw<Job>();
  /** Why the last look brought nothing. */
  problem = $state.raw<Problem>();

  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(
    private readonly read: () => Promise<Job>,
    private readonly isOver: (job: Job) => boolean,
  ) {}

  /** Whether there is nothing of that name, or nothing that this worker may see. */
  get unknown(): boolean {
    return isProblem(this.problem, 'not_found') || (isProblem(this.problem, 'invalid_request') && !this.now);
  }

  /** Begins to look, at once; gives what ends it. */
  begin(): () => void {
    this.end();
    void this.#follow(this.#turn, 0);
    return () => this.end();
  }

  end(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  async #follow(turn: number, looks: number): Promise<void> {
    let again = true;
    try {
      const job = await this.read();
      if (turn !== this.#turn) return;
      [this.now, this.problem] = [job, undefined];
      again = !this.isOver(job);
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.problem = thrown instanceof Problem ? thrown : new Problem('internal', 0);
      again = !isFinal(this.problem);
    }
    const pause = looks < 10 ? SOON : LATER;
    if (again) this.#timer = setTimeout(() => void this.#follow(turn, looks + 1), pause);
  }
}

/** Asking again would bring the same. */
function isFinal({ status }: Problem): boolean {
  return status >= 400 && status < 500 && status !== 429;
}
