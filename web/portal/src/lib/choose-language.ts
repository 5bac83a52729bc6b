import type { Locale } from '@clientconnect/messages/runtime';
import { api } from './api';
import { home } from './home.svelte';
import { language } from './language.svelte';

/** The choice that waits to be saved; a later one takes its place. */
let wanted: Locale | undefined;
let saving: Promise<void> | undefined;

/**
 * Shows the page in another language at once; a client who is signed in gets it in mails and on other devices, too,
 * which is what the promise waits for.
 */
export function chooseLanguage(locale: Locale): Promise<void> {
  language.show(locale);
  if (!home.current) return Promise.resolve();
  wanted = locale;
  saving ??= save().finally(() => (wanted = saving = undefined));
  return saving;
}

async function save(): Promise<void> {
  while (wanted) {
    const locale = wanted;
    wanted = undefined;
    await api.send((to) => to.PUT('/api/portal/v1/language', { body: { language: locale } }));
    home.update({ language: wanted ?? locale });
  }
}
