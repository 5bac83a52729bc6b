import '$lib/kept';
import { takeToken } from '$lib/reset-link';
import type { HandleClientError } from '@sveltejs/kit';

// Before the router reads the address.
takeToken();

/** A page that isn't there is no fault of ours. */
export const handleError: HandleClientError = ({ error, status }) => {
  if (status !== 404) console.error(error);
};
