import { page } from '$app/state';

/** The router empties its part of the browser's state when it starts: what a reload would lose is read before. */
let before = ((history.state as Record<string, unknown> | null)?.['sveltekit:states'] ?? {}) as App.PageState;

/** What this entry of the browser's history keeps for a worker, after a reload, too. For the start of a page. */
export function kept(worker: string): App.PageState {
  const [first, now] = [before, page.state];
  before = {};
  const state = Object.keys(now).length > 0 ? now : first;
  return state.by === worker ? state : {};
}
