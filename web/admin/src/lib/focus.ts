import { tick } from 'svelte';

/** Puts the focus on a form's first wrong field, once the errors are shown. */
export async function problemAt(form: HTMLElement): Promise<void> {
  await tick();
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

/** Puts the focus where typing begins. */
export function firstField(form: HTMLElement): void {
  form.querySelector<HTMLElement>('input, select, textarea')?.focus();
}
