import type { Permission } from '$lib/contract';

/** A part of System Setup, as its card says. */
export interface Place {
  name: string;
  about: string;
  href: string;
  needs: Permission;
}

/** What a System Administrator sets up, in the order in which an agency does it. */
export const PLACES: readonly Place[] = [
  {
    name: 'External Communications',
    about: 'Who emails come from, the authentication email, and what clients are mailed.',
    href: '/setup/communications',
    needs: 'set_up_communications',
  },
  {
    name: 'ClientConnect',
    about: 'What clients see and may do; privacy policy and terms; images and theme; every version of it.',
    href: '/setup/client-connect',
    needs: 'set_up_client_connect',
  },
  {
    name: 'File Attachment',
    about: 'Whether clients see their workers’ photos.',
    href: '/setup/file-attachment',
    needs: 'set_up_worker_photos',
  },
  {
    name: 'Workers',
    about: 'Who works here and may sign in.',
    href: '/workers',
    needs: 'manage_staff',
  },
  {
    name: 'Security Classes',
    about: 'What a worker may do less than their user group, and who sends activations.',
    href: '/security-classes',
    needs: 'manage_staff',
  },
  {
    name: 'Sites',
    about: 'Where the agency works, and in which time zone.',
    href: '/sites',
    needs: 'manage_staff',
  },
];
