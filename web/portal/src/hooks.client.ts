import type { ClientInit, HandleClientError } from '@sveltejs/kit';
import { takeLink } from '$lib/entering/link.svelte';
import { finishExit } from '$lib/exit';

takeLink();
// A second link, pasted over a page that is open, loads nothing.
addEventListener('hashchange', takeLink);

export const init: ClientInit = async () => {
  // Never resolved while the browser leaves again.
  if (!(await finishExit())) await new Promise(() => {});
};

/** That a page isn't there is no fault of ours: the page says so. */
export const handleError: HandleClientError = ({ error, status, message }) => {
  if (status !== 404) console.error(error);
  return { message };
};
