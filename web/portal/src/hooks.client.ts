import type { ClientInit } from '@sveltejs/kit';
import { takeLink } from '$lib/entering/link.svelte';
import { finishExit } from '$lib/exit';

takeLink();
// A second link, pasted over a page that is open, loads nothing.
addEventListener('hashchange', takeLink);

export const init: ClientInit = async () => {
  // Never resolved while the browser leaves again.
  if (!(await finishExit())) await new Promise(() => {});
};
