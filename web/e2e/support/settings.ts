import { WORKERS, type World } from './world.ts';

/** The sections of *ClientConnect setup*, as far as tests change them. */
interface Setup {
  version: number;
  general: Record<string, unknown>;
  about_me: { edit_profile: boolean };
  agency: Record<string, unknown>;
  advanced: { availability: Array<{ day: string; from: string; to: string }> } & Record<string, unknown>;
  request_service: {
    enabled: boolean;
    text: Record<'en' | 'fr' | 'es', string | null>;
    receivers: string[];
  };
  billing: Record<string, boolean>;
}

/** Longer than any function keeps settings that it has read. */
const KEPT_SECONDS = 60;

/** A System Administrator changes *ClientConnect setup*; it has its effect when this returns. */
export async function setUp(world: World, change: (setup: Setup) => void): Promise<void> {
  const administrator = await world.as(WORKERS.systemAdministrator);
  const setup = await administrator.ask<Setup>('GET', '/settings');
  change(setup);
  const { version, general, about_me, agency, advanced, request_service, billing } = setup;
  const body = { version, general, about_me, agency, advanced, request_service, billing };
  await administrator.ask('PUT', '/settings/client-connect', body);
  await world.advance(KEPT_SECONDS);
}

/** A System Administrator saves another section, at the newest version. */
export async function save(
  world: World,
  section: 'images' | 'theme' | 'communications' | 'file-attachment' | 'texts/privacy' | 'texts/terms',
  body: (settings: Record<string, unknown>) => object,
): Promise<void> {
  const administrator = await world.as(WORKERS.systemAdministrator);
  const settings = await administrator.ask<{ version: number } & Record<string, unknown>>('GET', '/settings');
  await administrator.ask('PUT', `/settings/${section}`, { version: settings.version, ...body(settings) });
  await world.advance(KEPT_SECONDS);
}
