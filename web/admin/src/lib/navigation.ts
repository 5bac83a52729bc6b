import type { Permission } from './contract';

interface Page {
  name: string;
  href: string;
  /** Who has none of them doesn't see the page, nor that there is one. */
  needs?: readonly Permission[];
}

interface Group {
  /** None for pages that stand alone. */
  name?: string;
  pages: readonly Page[];
}

/** The site's pages by the groups that staff know them by. */
const GROUPS: readonly Group[] = [
  {
    pages: [
      { name: 'My Home', href: '/' },
      { name: 'Individuals', href: '/individuals', needs: ['see_individuals'] },
      { name: 'Service Requests', href: '/service-requests', needs: ['see_individuals'] },
      { name: 'Services', href: '/services', needs: ['see_individuals'] },
    ],
  },
  {
    name: 'Setup',
    pages: [
      {
        name: 'ClientConnect Accounts Maintenance',
        href: '/accounts',
        needs: ['maintain_accounts', 'see_statistics'],
      },
      { name: 'Import', href: '/import', needs: ['import_individuals'] },
    ],
  },
  {
    name: 'System Setup',
    pages: [
      {
        name: 'External Communications',
        href: '/setup/communications',
        needs: ['set_up_communications'],
      },
      { name: 'ClientConnect', href: '/setup/client-connect', needs: ['set_up_client_connect'] },
      { name: 'File Attachment', href: '/setup/file-attachment', needs: ['set_up_worker_photos'] },
      { name: 'Workers', href: '/workers', needs: ['manage_staff'] },
      { name: 'Security Classes', href: '/security-classes', needs: ['manage_staff'] },
      { name: 'Sites', href: '/sites', needs: ['manage_staff'] },
    ],
  },
];

/** What a worker may see; groups with nothing in them are left out. */
export function navigationOf(may: (permission: Permission) => boolean): Group[] {
  return GROUPS.map((group) => ({
    ...group,
    pages: group.pages.filter(({ needs }) => !needs || needs.some(may)),
  })).filter(({ pages }) => pages.length > 0);
}

/** Whether a page of the navigation is the one that is open, or the open one lies below it. */
export function isOpen(href: string, path: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`);
}
