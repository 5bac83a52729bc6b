import type { Locale } from '@clientconnect/messages/runtime';
import { api } from './api';
import { home } from './home.svelte';
import { language } from './language.svelte';

/** Shows the page in another language; a client who is signed in gets it in mails and on other devices, too. */
export async function chooseLanguage(locale: Locale): Promise<void> {
  language.show(locale);
  if (!home.current) return;
  await api.send((to) => to.PUT('/api/portal/v1/language', { body: { language: locale } }));
  home.update({ language: locale });
}
