import { takeToken } from '$lib/reset-link';

// Before the router reads the address.
takeToken();
