import { beforeNavigate } from '$app/navigation';

/** Asks before a page is left on which something was typed that isn't saved. For the start of a component. */
export function askBeforeLeaving(dirty: () => boolean): void {
  beforeNavigate((navigation) => {
    if (!dirty()) return;
    // Closing the window asks by itself once it is cancelled.
    const leave = navigation.willUnload ? false : confirm('Leave this page? What you typed is not saved.');
    if (!leave) navigation.cancel();
  });
}
