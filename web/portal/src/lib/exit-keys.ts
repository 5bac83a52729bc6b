/** Escape or Shift so often in a row … */
const PRESSES = 3;
/** … within so many milliseconds. */
const WITHIN = 2000;

type Press = Pick<KeyboardEvent, 'key' | 'repeat' | 'timeStamp'>;

/** Counts presses of the keys that mean a quick exit. */
export class ExitKeys {
  #key = '';
  #times: number[] = [];

  /** Whether this press completes them. While a dialog is open, Escape is the dialog's. */
  press({ key, repeat, timeStamp }: Press, dialog: boolean): boolean {
    if (repeat) return false;
    const counts = key === 'Shift' || (key === 'Escape' && !dialog);
    if (!counts || key !== this.#key) this.#times = [];
    this.#key = key;
    if (!counts) return false;
    this.#times = [...this.#times, timeStamp].slice(-PRESSES);
    return this.#times.length === PRESSES && timeStamp - (this.#times[0] ?? 0) <= WITHIN;
  }
}
