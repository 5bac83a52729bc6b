import type { Denial } from '$lib/contract';

/** What each denial takes away, in words. */
export const DENIALS = {
  close: { name: 'Close accounts', help: 'Close a client’s account.' },
  disable: { name: 'Disable accounts', help: 'Disable a client’s account.' },
  bulk: { name: 'Bulk work', help: 'Anything that is done to many accounts at once.' },
  maintenance: { name: 'Account maintenance', help: 'The pages of ClientConnect Accounts Maintenance.' },
  force_reset: { name: 'Force password reset', help: 'Make clients choose a new password.' },
  statistics: { name: 'Statistics', help: 'See statistics.' },
  consent: { name: 'Consent', help: 'Record that a client consents to email, or no longer does.' },
  import: { name: 'Import', help: 'Import from files.' },
  services: { name: 'Services', help: 'Services, groups, series, rosters, and how clients see them.' },
  billing: { name: 'Billing', help: 'Invoices and the accounting discussions.' },
  export: { name: 'Export', help: 'Take data out in bulk.' },
} as const satisfies Record<Denial, { name: string; help: string }>;
