import { getContext, setContext } from 'svelte';

const KEY = Symbol('hidden');

/** Tells dialogs inside this component when their page is out of sight, so that they make nothing else inert. */
export function setHidden(hidden: () => boolean): void {
  setContext(KEY, hidden);
}

/** Whether the page that this component is in is out of sight. */
export function getHidden(): () => boolean {
  return getContext<(() => boolean) | undefined>(KEY) ?? (() => false);
}
