import { takeLink } from '$lib/entering/link.svelte';

takeLink();
// A second link, pasted over a page that is open, loads nothing.
addEventListener('hashchange', takeLink);
