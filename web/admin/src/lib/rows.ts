import type { Attachment } from 'svelte/attachments';

const ROW = '[data-row]';

/** Lets the arrow keys, Home and End move between the rows' main links. */
export const amongRows: Attachment<HTMLElement> = (container) => {
  function move(event: KeyboardEvent) {
    const from = (event.target as HTMLElement).closest<HTMLElement>(ROW);
    if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...container.querySelectorAll<HTMLElement>(ROW)];
    const at = rows.indexOf(from);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || !rows[to]) return;
    event.preventDefault();
    rows[to].focus();
  }
  container.addEventListener('keydown', move);
  return () => container.removeEventListener('keydown', move);
};
