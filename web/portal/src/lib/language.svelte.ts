import { browser } from '$app/environment';
import { isLocale, overwriteGetLocale, type Locale } from '@clientconnect/messages/runtime';

const KEPT_AS = 'language';

function first(): Locale {
  if (!browser) return 'en';
  const wished = [localStorage.getItem(KEPT_AS), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wished.find((tag): tag is Locale => isLocale(tag)) ?? 'en';
}

let current = $state<Locale>(first());

// Every text is read through this, so that all of them change at once and nothing typed is lost.
overwriteGetLocale(() => current);

/** The language of the page. */
export const language = {
  get current(): Locale {
    return current;
  },
  /** Shows the page in another language, and remembers it on this device. */
  show(locale: Locale): void {
    current = locale;
    try {
      localStorage.setItem(KEPT_AS, locale);
    } catch {
      // A private window that keeps nothing: it is asked again next time.
    }
  },
};

/** Languages by the names their readers call them. */
export const LANGUAGES = { en: 'English', fr: 'Français', es: 'Español' } as const satisfies Record<
  Locale,
  string
>;
