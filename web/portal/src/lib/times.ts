import { language } from './language.svelte';

/** The reader's own way of writing dates, if the browser has one in the page's language. */
export function tag(): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language.current) ?? language.current;
}

/** Day and time in a zone, which is named. */
export function dayAndTime(instant: string, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat(tag(), {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
    ...(timeZone && { timeZone }),
  }).format(new Date(instant));
}

/** The time alone, for what is soon. */
export function timeOfDay(instant: string, timeZone: string | undefined): string {
  return new Intl.DateTimeFormat(tag(), {
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
    ...(timeZone && { timeZone }),
  }).format(new Date(instant));
}
