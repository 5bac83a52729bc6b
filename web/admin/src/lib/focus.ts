/** Puts the focus where typing begins. */
export function firstField(form: HTMLElement): void {
  form.querySelector<HTMLElement>('input, select, textarea')?.focus();
}
