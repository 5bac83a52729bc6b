import type { Page } from '@playwright/test';
import { createHash } from 'node:crypto';
import { setUp } from './settings.ts';
import { WORKERS, type World } from './world.ts';

/** A page of one of the sites in a state worth looking at. */
export interface Shown {
  /** Names the screenshot. */
  name: string;
  site: 'portal' | 'admin';
  /** As the site's folders name it, e.g. `/individuals/[id]`. */
  route: string;
  /** Goes there, and returns when it shows what it is for. */
  open(page: Page, world: World): Promise<unknown>;
}

const settled = async (page: Page): Promise<void> => {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
};

/** Loads a page afresh, also when only its fragment would differ. */
async function visit(page: Page, address: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(address);
  await settled(page);
}

const go =
  (site: 'portal' | 'admin', path: string) =>
  async (page: Page, world: World): Promise<void> => {
    await visit(page, world[site] + path);
  };

/** Signs the browser in through the API, whose cookie it keeps. */
async function signIn(
  page: Page,
  origin: string,
  site: 'portal' | 'admin',
  who: { email: string; password?: string },
): Promise<void> {
  const answer = await page.request.post(`${origin}/api/${site}/v1/session`, {
    data: { email: who.email, password: who.password },
    headers: { origin },
  });
  if (!answer.ok()) throw new Error(`${who.email} can't sign in: ${answer.status()} ${await answer.text()}`);
}

const asClient =
  (path: string) =>
  async (page: Page, world: World): Promise<void> => {
    await signIn(page, world.portal, 'portal', await world.client('Active:'));
    await go('portal', path)(page, world);
  };

/** A page of a client whose agency lets them change their profile. */
const editing =
  (path: string) =>
  async (page: Page, world: World): Promise<void> => {
    await setUp(world, (setup) => (setup.about_me.edit_profile = true));
    await asClient(path)(page, world);
  };

/** The page that changes the first of a client's contacts. */
const contact = async (page: Page, world: World): Promise<void> => {
  await editing('/about-me')(page, world);
  await page.getByRole('listitem').getByRole('link', { name: 'Change' }).first().click();
  await page.getByRole('textbox').first().waitFor();
};

const as =
  (worker: { email: string; password: string }, path: string) =>
  async (page: Page, world: World): Promise<void> => {
    await signIn(page, world.admin, 'admin', worker);
    await go('admin', path)(page, world);
  };

/** The page of an individual of the demo. */
const individual =
  (is: string, tab = '') =>
  async (page: Page, world: World): Promise<void> => {
    const { external_id: id } = await world.client(is);
    const { individuals } = await (
      await world.as(WORKERS.intake)
    ).ask<{ individuals: Array<{ individual_id: string }> }>('POST', '/individuals/search', {
      external_id: { source: 'demo', id },
    });
    await as(WORKERS.intake, `/individuals/${individuals[0]?.individual_id}${tab}`)(page, world);
  };

/** The page of a worker of the demo. */
const workerPage = async (page: Page, world: World): Promise<void> => {
  type Workers = { workers: Array<{ worker: { worker_id: string; email: string } }> };
  const { workers } = await (await world.as(WORKERS.systemAdministrator)).ask<Workers>('GET', '/workers');
  const found = workers.find(({ worker }) => worker.email === WORKERS.clinical.email);
  await as(WORKERS.systemAdministrator, `/workers/${found?.worker.worker_id}`)(page, world);
};

/** The page of the first service of a kind. */
const service =
  (kind: string) =>
  async (page: Page, world: World): Promise<void> => {
    type Services = { services: Array<{ service_id: string }> };
    const { services } = await (
      await world.as(WORKERS.intake)
    ).ask<Services>('GET', `/services?kind=${kind}&active=true`);
    await as(WORKERS.intake, `/services/${services[0]?.service_id}`)(page, world);
  };

/** The report of a dry run, one of whose rows is refused. */
const dryRun = async (page: Page, world: World): Promise<void> => {
  const file = Buffer.from('external_id,first_name,last_name\nA-1,Nia,Brandt\nA-2,,Nobody\n');
  const sha256 = createHash('sha256').update(file).digest('base64');
  const colleague = await world.as(WORKERS.intake);
  type Place = { upload_id: string; path: string; headers: Record<string, string> };
  const upload = await colleague.ask<Place>('POST', '/uploads', { bytes: file.length, sha256 });
  const put = await fetch(world.admin + upload.path, { method: 'PUT', headers: upload.headers, body: file });
  if (!put.ok) throw new Error(`the upload failed: ${put.status} ${await put.text()}`);
  const what = { upload_id: upload.upload_id, source: 'records', mode: 'dry_run' };
  const { job_id } = await colleague.ask<{ job_id: string }>('POST', '/imports', what);
  const query = new URLSearchParams({ upload: upload.upload_id, source: 'records' });
  await as(WORKERS.intake, `/import/${job_id}?${query}`)(page, world);
  await page.getByText('The dry run is done.').waitFor();
  await settled(page);
};

/** What a bulk activation of those would come to whose invitation has ended. */
const bulkDryRun = async (page: Page, world: World): Promise<void> => {
  type Job = { job_id: string };
  const colleague = await world.as(WORKERS.intake);
  const { jobs } = await colleague.ask<{ jobs: Job[] }>('GET', '/bulk-jobs');
  const groups = ['expired', 'cancelled'];
  const job = jobs[0] ?? (await colleague.ask<Job>('POST', '/bulk-jobs/activation', { groups }));
  await as(WORKERS.intake, `/accounts/jobs/${job.job_id}`)(page, world);
  await page.getByRole('heading', { name: 'One by one' }).waitFor();
  await settled(page);
};

/** The figures, once they are computed. */
const statistics = async (page: Page, world: World): Promise<void> => {
  await world.run('clientconnect-dev-jobs-compute-statistics');
  await as(WORKERS.intake, '/accounts/statistics')(page, world);
};

/** The page behind the link in the newest mail to a client of the demo. */
const mailed =
  (kind: string, is: string) =>
  async (page: Page, world: World): Promise<void> => {
    await visit(page, await world.link((await world.client(is)).email, kind));
  };

/** Every route of both sites, some of them in several states. A test holds it against the folders. */
export const PAGES: Shown[] = [
  { site: 'portal', route: '/', name: 'home', open: asClient('/') },
  { site: 'portal', route: '/sign-in', name: 'sign-in', open: go('portal', '/sign-in') },
  { site: 'portal', route: '/signed-out', name: 'signed-out', open: go('portal', '/signed-out') },
  { site: 'portal', route: '/forgotten', name: 'forgotten', open: go('portal', '/forgotten') },
  {
    site: 'portal',
    route: '/activate',
    name: 'activate',
    open: mailed('activate', 'Pending: invited yesterday'),
  },
  { site: 'portal', route: '/activate', name: 'activate-by-code', open: go('portal', '/activate') },
  { site: 'portal', route: '/activate', name: 'activate-over', open: mailed('activate', 'Closed') },
  { site: 'portal', route: '/reset', name: 'reset-unknown', open: go('portal', '/reset#nothing') },
  { site: 'portal', route: '/account', name: 'account', open: asClient('/account') },
  { site: 'portal', route: '/account/email', name: 'account-email', open: asClient('/account/email') },
  {
    site: 'portal',
    route: '/account/password',
    name: 'account-password',
    open: asClient('/account/password'),
  },
  {
    site: 'portal',
    route: '/account/sessions',
    name: 'account-sessions',
    open: asClient('/account/sessions'),
  },
  { site: 'portal', route: '/about-me', name: 'about-me', open: asClient('/about-me') },
  { site: 'portal', route: '/about-me/edit', name: 'about-me-edit', open: editing('/about-me/edit') },
  {
    site: 'portal',
    route: '/about-me/contacts/new',
    name: 'contact-new',
    open: editing('/about-me/contacts/new'),
  },
  { site: 'portal', route: '/about-me/contacts/[contact]', name: 'contact', open: contact },
  { site: 'portal', route: '/services', name: 'services', open: asClient('/services') },
  {
    site: 'portal',
    route: '/services/request',
    name: 'request-service',
    open: asClient('/services/request'),
  },
  { site: 'portal', route: '/help', name: 'help', open: go('portal', '/help') },
  { site: 'portal', route: '/help/[article]', name: 'help-article', open: go('portal', '/help/activate') },
  { site: 'portal', route: '/privacy', name: 'privacy', open: go('portal', '/privacy') },
  { site: 'portal', route: '/terms', name: 'terms', open: go('portal', '/terms') },

  { site: 'admin', route: '/', name: 'home', open: as(WORKERS.intake, '/') },
  {
    site: 'admin',
    route: '/',
    name: 'home-system-administrator',
    open: as(WORKERS.systemAdministrator, '/'),
  },
  { site: 'admin', route: '/sign-in', name: 'sign-in', open: go('admin', '/sign-in') },
  { site: 'admin', route: '/forgotten', name: 'forgotten', open: go('admin', '/forgotten') },
  { site: 'admin', route: '/reset', name: 'reset-unknown', open: go('admin', '/reset#nothing') },
  { site: 'admin', route: '/me', name: 'me', open: as(WORKERS.intake, '/me') },
  { site: 'admin', route: '/individuals', name: 'individuals', open: as(WORKERS.intake, '/individuals') },
  {
    site: 'admin',
    route: '/individuals/new',
    name: 'individual-new',
    open: as(WORKERS.intake, '/individuals/new'),
  },
  { site: 'admin', route: '/individuals/[id]', name: 'profile', open: individual('Active:') },
  {
    site: 'admin',
    route: '/individuals/[id]/messages',
    name: 'message-settings',
    open: individual('Active:', '/messages'),
  },
  {
    site: 'admin',
    route: '/individuals/[id]/messages',
    name: 'message-settings-pending',
    open: individual('Pending: invited yesterday', '/messages'),
  },
  {
    site: 'admin',
    route: '/individuals/[id]/history',
    name: 'history',
    open: individual('Active:', '/history'),
  },
  {
    site: 'admin',
    route: '/individuals/[id]/messages',
    name: 'message-settings-closed',
    open: individual('Closed: three wrong birth dates', '/messages'),
  },
  { site: 'admin', route: '/accounts', name: 'accounts', open: as(WORKERS.intake, '/accounts') },
  {
    site: 'admin',
    route: '/accounts',
    name: 'accounts-found',
    open: as(WORKERS.intake, '/accounts?signed_in=never'),
  },
  { site: 'admin', route: '/accounts/jobs/[id]', name: 'accounts-dry-run', open: bulkDryRun },
  {
    site: 'admin',
    route: '/accounts/maintenance',
    name: 'accounts-maintenance',
    open: as(WORKERS.intake, '/accounts/maintenance'),
  },
  { site: 'admin', route: '/accounts/statistics', name: 'accounts-statistics', open: statistics },
  { site: 'admin', route: '/import', name: 'import', open: as(WORKERS.intake, '/import') },
  { site: 'admin', route: '/import/[job]', name: 'import-dry-run', open: dryRun },
  { site: 'admin', route: '/workers', name: 'workers', open: as(WORKERS.systemAdministrator, '/workers') },
  {
    site: 'admin',
    route: '/workers/new',
    name: 'worker-new',
    open: as(WORKERS.systemAdministrator, '/workers/new'),
  },
  { site: 'admin', route: '/workers/[id]', name: 'worker', open: workerPage },
  {
    site: 'admin',
    route: '/security-classes',
    name: 'security-classes',
    open: as(WORKERS.systemAdministrator, '/security-classes'),
  },
  { site: 'admin', route: '/sites', name: 'sites', open: as(WORKERS.systemAdministrator, '/sites') },
  {
    site: 'admin',
    route: '/second-factor',
    name: 'second-factor',
    open: as(WORKERS.intake, '/second-factor'),
  },
  { site: 'admin', route: '/services', name: 'services', open: as(WORKERS.intake, '/services') },
  {
    site: 'admin',
    route: '/services/informal',
    name: 'services-informal',
    open: as(WORKERS.intake, '/services/informal'),
  },
  {
    site: 'admin',
    route: '/services/groups',
    name: 'services-groups',
    open: as(WORKERS.intake, '/services/groups'),
  },
  {
    site: 'admin',
    route: '/services/series',
    name: 'services-series',
    open: as(WORKERS.intake, '/services/series'),
  },
  {
    site: 'admin',
    route: '/services/new',
    name: 'service-new',
    open: as(WORKERS.intake, '/services/new?kind=group'),
  },
  { site: 'admin', route: '/services/[id]', name: 'service', open: service('case_service') },
  { site: 'admin', route: '/services/[id]', name: 'service-group', open: service('group') },
  {
    site: 'admin',
    route: '/service-requests',
    name: 'service-requests',
    open: as(WORKERS.intake, '/service-requests'),
  },
  {
    site: 'admin',
    route: '/individuals/[id]/services',
    name: 'individual-services',
    open: individual('Active:', '/services'),
  },
  {
    site: 'admin',
    route: '/setup',
    name: 'setup',
    open: as(WORKERS.systemAdministrator, '/setup'),
  },
  {
    site: 'admin',
    route: '/setup/communications',
    name: 'setup-communications',
    open: as(WORKERS.systemAdministrator, '/setup/communications'),
  },
  {
    site: 'admin',
    route: '/setup/client-connect',
    name: 'setup-client-connect',
    open: as(WORKERS.systemAdministrator, '/setup/client-connect'),
  },
  {
    site: 'admin',
    route: '/setup/client-connect/texts',
    name: 'setup-texts',
    open: as(WORKERS.systemAdministrator, '/setup/client-connect/texts'),
  },
  {
    site: 'admin',
    route: '/setup/client-connect/images',
    name: 'setup-images',
    open: as(WORKERS.systemAdministrator, '/setup/client-connect/images'),
  },
  {
    site: 'admin',
    route: '/setup/client-connect/theme',
    name: 'setup-theme',
    open: as(WORKERS.systemAdministrator, '/setup/client-connect/theme'),
  },
  {
    site: 'admin',
    route: '/setup/client-connect/versions',
    name: 'setup-versions',
    open: as(WORKERS.systemAdministrator, '/setup/client-connect/versions'),
  },
  {
    site: 'admin',
    route: '/setup/file-attachment',
    name: 'setup-file-attachment',
    open: as(WORKERS.systemAdministrator, '/setup/file-attachment'),
  },
];
