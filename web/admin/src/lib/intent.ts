/**
 * The Idempotency-Key of something that a worker wants done. Sending the same again, because no answer came, has the
 * effect of one; something else has a key of its own.
 */
export class Intent {
  #wanted = '';
  #key = '';

  keyFor(wanted: unknown): string {
    const now = JSON.stringify(wanted);
    if (now !== this.#wanted) {
      this.#wanted = now;
      this.#key = crypto.randomUUID();
    }
    return this.#key;
  }

  /** It is done: wanting the same again is another intent. */
  done(): void {
    this.#wanted = '';
  }
}
