import { tick } from 'svelte';

/** Moves the focus to the first field of a form that says what is wrong with it. */
export async function focusWrong(form: HTMLElement): Promise<void> {
  await tick();
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
