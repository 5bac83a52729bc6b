import { page } from '$app/state';

/**
 * What this entry of the browser's history keeps. After a reload the router has it only in the browser's own state,
 * until the next navigation.
 */
export function kept(): App.PageState {
  if (Object.keys(page.state).length > 0) return page.state;
  const state = (history.state as Record<string, unknown> | null)?.['sveltekit:states'];
  return typeof state === 'object' && state !== null ? state : {};
}
