import { deflateSync } from 'node:zlib';
import { expectAccessible, expectToFit } from '../support/axe.ts';
import { signInToPortal } from '../support/portal.ts';
import { expect, navigation, open, test, WORKERS, type Page, type World } from '../support/staff.ts';

const ADMINISTRATOR = WORKERS.systemAdministrator;

/** Settings as the API gives them, as far as a colleague changes them here. */
interface Settings {
  version: number;
  general: Record<string, unknown>;
  about_me: object;
  agency: Record<string, unknown>;
  advanced: object;
  request_service: object;
  billing: object;
}

/** Another System Administrator's save, beside the page that is open. */
async function saveBeside(world: World, agency: Record<string, unknown>): Promise<void> {
  const colleague = await world.as(ADMINISTRATOR);
  const now = await colleague.ask<Settings>('GET', '/settings');
  const { version, general, about_me, advanced, request_service, billing } = now;
  await colleague.ask('PUT', '/settings/client-connect', {
    version,
    general,
    about_me,
    agency: { ...now.agency, ...agency },
    advanced,
    request_service,
    billing,
    confirmed: false,
  });
}

const edit = (page: Page) => page.getByRole('button', { name: 'Edit', exact: true }).click();
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const saved = (page: Page) => expect(page.getByText('Saved. Clients see it within a minute.')).toBeVisible();

const versions = (page: Page) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: /^Version \d+/ }) });

/** The clients' site as anybody finds it once its caches have run out. */
async function asClient(page: Page, world: World, path: string): Promise<Page> {
  await world.advance(60);
  const portal = await page.context().newPage();
  await portal.goto(world.portal + path);
  return portal;
}

/** A picture of one colour. */
function png(width: number, height: number): Buffer {
  const crcTable = Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    return crc >>> 0;
  });
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
    const whole = Buffer.alloc(body.length + 8);
    whole.writeUInt32BE(data.length);
    body.copy(whole, 4);
    whole.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
    return whole;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x5a)]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(Array(height).fill(row)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('a new sender of the authentication email has to be tested before anything else can be changed', async ({
  page,
  world,
}) => {
  await open(page, world, ADMINISTRATOR);
  await page.getByRole('link', { name: 'External Communications' }).last().click();
  await edit(page);
  const sender = page.getByRole('group', { name: 'Sender of the authentication email' });
  await sender.getByLabel('Use the general settings').uncheck();
  await sender.getByLabel('Name').fill('Alder Quay sign-in');
  await save(page);
  await expect(page.getByText('Write both, a name and an address.')).toBeVisible();
  await sender.getByLabel('Email address').fill('sign-in@alderquay.example.org');
  await save(page);

  const question = page.getByRole('dialog', { name: 'This switches ClientConnect off for clients' });
  await question.getByRole('button', { name: 'Go back' }).click();
  await save(page);
  await question.getByRole('button', { name: 'Save and switch off' }).click();
  await saved(page);
  await expect(page.getByText('Not tested', { exact: true })).toBeVisible();

  await page.goto(`${world.admin}/setup/client-connect`);
  await expect(page.getByText('Nothing can be changed here yet')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Edit' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Set up the authentication email' }).click();

  await page.getByRole('button', { name: 'Check again' }).click();
  await expect(page.getByText('Verified', { exact: true }).last()).toBeVisible();
  await page.getByRole('button', { name: 'Send test', exact: true }).click();
  await expect(page.getByText('Delivered', { exact: true })).toBeVisible();
  await expect(page.getByText('The authentication email is ready.')).toBeVisible();
  const [mail] = await world.mails(ADMINISTRATOR.email);
  expect(mail?.text).toContain('test');

  await page.goto(`${world.admin}/setup/client-connect`);
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible();
});

test('what is set up shows to clients; what can’t be taken says why, and nothing typed is lost', async ({
  page,
  world,
}) => {
  await open(page, world, ADMINISTRATOR, '/setup/client-connect');
  await expect(page.getByText('Signed out after')).toBeVisible();
  await edit(page);
  await page.getByLabel('Signed out after').fill('60');
  await page.getByLabel('Phone').fill('+1 555 0199');
  await save(page);
  await expect(page.getByText('Choose a number from 5 to 15.')).toBeVisible();
  await expect(page.getByLabel('Signed out after')).toBeFocused();
  await page.getByLabel('Signed out after').fill('10');
  await page.getByLabel('Help URL').fill('javascript:alert(1)');
  await save(page);
  await expect(page.getByLabel('Help URL')).toBeFocused();
  await expect(page.getByLabel('Help URL')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Phone')).toHaveValue('+1 555 0199');

  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('link', { name: 'Theme' }).click();
  await expect(page.getByLabel('Phone')).toHaveValue('+1 555 0199');

  await page.getByLabel('Help URL').fill('');
  await page.getByRole('button', { name: 'Saturday: add hours' }).click();
  await page.getByLabel('Saturday: to').fill('12:00');
  await save(page);
  await saved(page);
  await expect(page.getByText('+1 555 0199')).toBeVisible();
  await expect(page.getByText(/Saturday 09:00–12:00/)).toBeVisible();

  const portal = await asClient(page, world, '/sign-in');
  await expect(portal.getByRole('contentinfo').getByText('+1 555 0199')).toBeVisible();
});

test('the second of two System Administrators is told, sees both, and chooses', async ({ page, world }) => {
  await open(page, world, ADMINISTRATOR, '/setup/client-connect');
  await edit(page);
  await page.getByLabel('Phone').fill('+1 555 0111');
  await page.getByLabel('Minimum age').fill('16');
  await saveBeside(world, { phone: '+1 555 0122', address: '9 Harbour Row' });
  await save(page);
  await expect(page.getByRole('alert')).toContainText('Robin Ashdown saved meanwhile');
  await expect(page.getByRole('alert')).toContainText('Taken over from what is saved: Address');
  await expect(page.getByLabel('Phone', { exact: true })).toHaveValue('+1 555 0111');
  await expect(page.getByLabel('Address', { exact: true })).toHaveValue('9 Harbour Row');
  const meanwhile = page.getByRole('group', { name: 'Phone: saved meanwhile' });
  await expect(meanwhile).toContainText('+1 555 0122');
  await meanwhile.getByRole('button', { name: 'Use what is saved' }).click();
  await save(page);
  await saved(page);
  const now = await (await world.as(ADMINISTRATOR)).ask<Settings>('GET', '/settings');
  expect(now.agency).toMatchObject({ phone: '+1 555 0122', address: '9 Harbour Row' });
  expect(now.general).toMatchObject({ minimum_age: 16 });
});

test('a policy is written and uploaded by language, previewed, and published for clients to read', async ({
  page,
  world,
}) => {
  await open(page, world, ADMINISTRATOR, '/setup/client-connect/texts');
  await page.getByRole('button', { name: 'Edit: Terms of use' }).click();
  const form = page.getByRole('form', { name: 'Terms of use' });
  await form.getByLabel('Terms of use in English', { exact: true }).fill('');
  await form.getByRole('button', { name: 'Publish' }).click();
  await expect(form.getByText('Write it in English, the agency’s language')).toBeVisible();

  await form.getByLabel('Terms of use in English', { exact: true }).fill('## Fair use\n\nBe **kind**.');
  const preview = form.getByRole('region', { name: /Terms of use in English/ });
  await expect(preview.getByRole('heading', { name: 'Fair use' })).toBeVisible();
  await form.getByLabel('French').check();
  await form.getByLabel('Upload it as a Markdown file').setInputFiles({
    name: 'conditions.md',
    mimeType: 'text/markdown',
    buffer: Buffer.from('## Bon usage\n\nSoyez **aimables**.\n'),
  });
  await expect(form.getByLabel('Terms of use in French', { exact: true })).toHaveValue(/Bon usage/);
  await expectAccessible(page, 'an edited text');
  await form.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText(/^Terms of use: version \d+ is published\.$/)).toBeVisible();

  const portal = await asClient(page, world, '/terms');
  await expect(portal.getByRole('heading', { name: 'Fair use' })).toBeVisible();
  await portal.getByLabel('Language').selectOption('fr');
  await expect(portal.getByRole('heading', { name: 'Bon usage' })).toBeVisible();
});

test('logo and images are chosen with a preview and show to clients; an SVG is refused', async ({
  page,
  world,
}) => {
  await open(page, world, ADMINISTRATOR, '/setup/client-connect/images');
  await edit(page);
  const upload = page.getByLabel('Upload a logo');
  await upload.setInputFiles({
    name: 'logo.svg',
    mimeType: 'image/svg+xml',
    buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  });
  await save(page);
  await expect(page.getByRole('alert').filter({ hasText: 'SVG' })).toBeVisible();
  await upload.setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png(200, 60) });
  await expect(page.getByRole('img', { name: 'The logo on dark' })).toBeVisible();
  await page.getByLabel('Image', { exact: true }).selectOption('My ClientConnect');
  const third = page.getByRole('radio').nth(2);
  const what = (await third.getAttribute('aria-label')) ?? '';
  await third.check();
  await expectAccessible(page, 'images to choose from');
  await save(page);
  await saved(page);
  await expect(page.getByRole('img', { name: 'The agency’s logo' })).toBeVisible();
  await expect(page.getByText(what)).toBeVisible();

  const portal = await page.context().newPage();
  await world.advance(60);
  await signInToPortal(portal, world, await world.client('Active:'));
  await expect(portal.locator('img[src*="my_client_connect/3"]')).toBeVisible();
  const logo = portal.getByRole('banner').locator('img');
  await expect(logo).toBeVisible();
  expect(await logo.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
});

test('a colour that can’t be read is refused with the nearest that can, which clients then see', async ({
  page,
  world,
}) => {
  await open(page, world, ADMINISTRATOR, '/setup/client-connect/theme');
  await edit(page);
  const light = page.getByRole('textbox', { name: 'Brand colour in the light look', exact: true });
  await light.fill('blue');
  await save(page);
  await expect(page.getByText('Write # and six digits')).toBeVisible();
  await light.fill('#e07b39');
  await expect(page.getByText(/too low: 4.5 : 1 is needed/).first()).toBeVisible();
  await save(page);
  await expect(light).toBeFocused();
  await page.getByRole('button', { name: /the nearest that passes$/ }).click();
  const nearest = await light.inputValue();
  expect(nearest).toMatch(/^#[0-9a-f]{6}$/);
  await expect(page.getByText(/too low/)).toHaveCount(0);
  await page.getByLabel('Square').check();
  await save(page);
  await saved(page);

  const portal = await asClient(page, world, '/sign-in');
  const brand = await portal.evaluate(() =>
    getComputedStyle(document.documentElement).getPropertyValue('--brand').trim(),
  );
  expect(brand.toLowerCase()).toBe(nearest);
});

test('every save is a version, which shows the difference and can be restored', async ({ page, world }) => {
  await saveBeside(world, { phone: '+1 555 0133' });
  await open(page, world, ADMINISTRATOR, '/setup/client-connect/versions');
  const newest = versions(page).first();
  await expect(newest).toContainText('by Robin Ashdown');
  await expect(newest.getByText('Phone')).toBeVisible();
  await expect(newest).toContainText('+1 555 0133');
  await page
    .getByRole('button', { name: /^Restore version/ })
    .first()
    .click();
  const question = page.getByRole('dialog', { name: /^Restore version \d+\?$/ });
  await expect(question).toContainText('other people’s changes');
  await question.getByRole('button', { name: 'Leave everything as it is' }).click();
  await page
    .getByRole('button', { name: /^Restore version/ })
    .first()
    .click();

  // Somebody else saves while the question is open.
  await saveBeside(world, { phone: '+1 555 0144' });
  await question.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(page.getByText('Robin Ashdown saved meanwhile')).toBeVisible();
  await expect(versions(page).first()).toContainText('+1 555 0144');

  await page
    .getByRole('button', { name: /^Restore version/ })
    .nth(1)
    .click();
  await question.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(page.getByText(/is restored as version \d+\.$/)).toBeVisible();
  const now = await (await world.as(ADMINISTRATOR)).ask<Settings>('GET', '/settings');
  expect(now.agency['phone']).not.toMatch(/0133|0144/);
});

test('worker photos are switched on and off', async ({ page, world }) => {
  await open(page, world, ADMINISTRATOR, '/setup/file-attachment');
  await edit(page);
  const photos = page.getByLabel('Enable Worker Photo');
  const before = await photos.isChecked();
  await photos.setChecked(!before);
  await save(page);
  await saved(page);
  await expect(page.getByRole('definition')).toHaveText(before ? 'Off' : 'On');
});

test('those who set nothing up see none of it', async ({ page, world }) => {
  await open(page, world, WORKERS.intake, '/setup/communications');
  const nothing = page.getByRole('heading', { level: 1, name: 'There is no such page' });
  await expect(nothing).toBeVisible();
  await page.goto(`${world.admin}/setup`);
  await expect(nothing).toBeVisible();
  const menu = await navigation(page);
  await expect(menu.getByRole('link', { name: 'External Communications' })).toHaveCount(0);
});

test('forms of the setup are for everyone, too', async ({ page, world }) => {
  await open(page, world, ADMINISTRATOR, '/setup');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const path of ['communications', 'client-connect', 'client-connect/theme']) {
      await page.goto(`${world.admin}/setup/${path}`);
      await edit(page);
      await expectAccessible(page, `${path}, ${colorScheme}`);
      await expectToFit(page, `${path}, ${colorScheme}`);
    }
  }
});
