/**
 * The Idempotency-Keys of something that somebody wants done. Sending the same again, because no answer came, has the
 * effect of one, whatever was tried between; something else has a key of its own.
 */
export class Intent {
  readonly #keys = new Map<string, string>();

  keyFor(wanted: unknown): string {
    const content = JSON.stringify(wanted);
    const key = this.#keys.get(content) ?? crypto.randomUUID();
    this.#keys.set(content, key);
    return key;
  }

  /** It is done: wanting the same again is another intent. */
  done(): void {
    this.#keys.clear();
  }
}
