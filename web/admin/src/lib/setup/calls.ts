import { api } from '$lib/api';
import type { Settings, TextKind, Theme, Tiles, Translated } from './contract';

/** What becomes of the logo. */
export type Logo = 'keep' | 'remove' | { upload_id: string };

/** Sections as a form gives them; the server checks that they are whole. */
type Parts<K extends keyof Settings> = Pick<Settings, K>;

/** The agency's settings as they are now. */
export const getSettings = () => api.send((to) => to.GET('/api/admin/v1/settings'));

export function saveCommunications(parts: object, version: number, confirmed: boolean) {
  const body = { ...(parts as Parts<'communications'>), version, confirmed };
  return api.send((to) => to.PUT('/api/admin/v1/settings/communications', { body }));
}

export function saveClientConnect(parts: object, version: number, confirmed: boolean) {
  type Whole = Parts<'general' | 'about_me' | 'agency' | 'advanced' | 'request_service' | 'billing'>;
  const body = { ...(parts as Whole), version, confirmed };
  return api.send((to) => to.PUT('/api/admin/v1/settings/client-connect', { body }));
}

export function saveFileAttachment(parts: object, version: number) {
  const body = { ...(parts as Parts<'file_attachment'>), version };
  return api.send((to) => to.PUT('/api/admin/v1/settings/file-attachment', { body }));
}

/** Asks the mail service again whether the sender is verified. */
export function checkAuthenticationEmail() {
  return api.send((to) => to.POST('/api/admin/v1/settings/authentication-email/check'));
}

/** Sends a test to the worker who asks for it. */
export function sendTestMail(kind: 'authentication' | 'client_message', key: string) {
  const params = { header: { 'Idempotency-Key': key } };
  return api.send((to) =>
    to.POST('/api/admin/v1/settings/authentication-email/test', { params, body: { kind } }),
  );
}

/** The current text of that kind. */
export function getText(kind: TextKind) {
  return api.send((to) => to.GET('/api/admin/v1/settings/texts/{kind}', { params: { path: { kind } } }));
}

export function publishText(kind: TextKind, texts: Translated, version: number) {
  const params = { path: { kind } };
  return api.send((to) =>
    to.PUT('/api/admin/v1/settings/texts/{kind}', { params, body: { version, texts } }),
  );
}

export function saveImages(logo: Logo, tiles: Tiles, version: number) {
  return api.send((to) => to.PUT('/api/admin/v1/settings/images', { body: { version, logo, tiles } }));
}

export function saveTheme(theme: Theme, version: number) {
  return api.send((to) => to.PUT('/api/admin/v1/settings/theme', { body: { version, theme } }));
}

/** A page of the settings' versions, newest first. */
export function listVersions(cursor?: string) {
  const params = { query: cursor ? { cursor } : {} };
  return api.send((to) => to.GET('/api/admin/v1/settings/versions', { params }));
}

/** Brings a former version back, as a new one. */
export function restoreVersion(number: number, version: number, confirmed: boolean) {
  const params = { path: { number } };
  return api.send((to) =>
    to.POST('/api/admin/v1/settings/versions/{number}/restore', { params, body: { version, confirmed } }),
  );
}

/** Where an image of the agency's is, for this site. */
export function imageAddress(image: string | null | undefined): string | undefined {
  return image ? `/api/admin/v1/images/${image}` : undefined;
}
