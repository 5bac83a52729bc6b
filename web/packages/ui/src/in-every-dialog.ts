import { getContext, setContext, type Snippet } from 'svelte';

const KEY = Symbol('in every dialog');

/** What every dialog of the site shows beside its own: while one is open, the page beneath it can't be used. */
export function inEveryDialog(snippet: Snippet): void {
  setContext(KEY, snippet);
}

/** For the dialog. */
export function shownInEveryDialog(): Snippet | undefined {
  return getContext<Snippet | undefined>(KEY);
}
