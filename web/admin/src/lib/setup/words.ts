import type { Missing, Tile } from './contract';

/** What is still missing before ClientConnect can be enabled, and where it is put right. */
export const MISSING: Readonly<Record<Missing, { what: string; href: string }>> = {
  client_delivery_off: { what: 'Enable Client Delivery is off.', href: '/setup/communications' },
  authentication_email_not_ready: {
    what: 'The authentication email is not verified and tested.',
    href: '/setup/communications',
  },
  no_privacy_policy: {
    what: 'No privacy policy is published.',
    href: '/setup/client-connect/texts',
  },
  no_terms: { what: 'No terms of use are published.', href: '/setup/client-connect/texts' },
  client_connect_not_enabled: {
    what: 'Enable ClientConnect is off.',
    href: '/setup/client-connect',
  },
};

/** What clients know the tiles by. */
export const TILES: Readonly<Record<Tile, string>> = {
  about_me: 'About Me',
  calendar: 'Calendar',
  inbox: 'Inbox',
  my_account: 'My Account',
  my_client_connect: 'My ClientConnect',
  my_services: 'My Services',
  things_i_need_to_do: 'Things I Need to Do',
};
