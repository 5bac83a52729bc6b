import { browser } from '$app/environment';
import { ExitKeys } from './exit-keys';
import { direct } from './session.svelte';

/** Where nothing tells what somebody was looking at; read in every language. */
const NEUTRAL = 'https://www.wikipedia.org/';

/** Says that this browser's session is to be over, also where the server couldn't be told. Nothing about anybody. */
const SECURE = browser && location.protocol === 'https:';
const NAME = SECURE ? '__Host-left' : 'left';
const LEFT = `${NAME}=1`;
const COOKIE = `Path=/; SameSite=Strict${SECURE ? '; Secure' : ''}`;

const SESSION = '/api/portal/v1/session';

const otherTabs =
  browser && 'BroadcastChannel' in globalThis ? new BroadcastChannel('clientconnect-exit') : undefined;

const away = () => location.replace(navigator.onLine ? NEUTRAL : 'about:blank');

/** Leaves at once, signs out, and leaves nothing behind that the browser's Back could show; in all tabs. */
export function quickExit(): void {
  otherTabs?.postMessage(LEFT);
  endUnseen();
  vanish();
}

/** The server hears of it after the page is gone; if it doesn't, {@link finishExit} tells it on the next visit. */
function endUnseen(): void {
  document.cookie = `${LEFT}; Max-Age=86400; ${COOKIE}`;
  const headers = { 'content-type': 'application/json' };
  fetch(SESSION, { method: 'DELETE', keepalive: true, headers }).catch(() => {});
}

/** Whether this page was left for good. */
let left = false;

function vanish(): void {
  left = true;
  hide();
  document.title = '';
  document.body.replaceChildren();
  away();
}

/**
 * Before anything is shown: ends what a quick exit couldn't. Returns `false` when Back led here from where the exit
 * went: then the page leaves again, and nothing may be shown.
 */
export async function finishExit(): Promise<boolean> {
  if (!document.cookie.split('; ').includes(LEFT)) return true;
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  if (navigation?.type === 'back_forward') {
    endUnseen();
    away();
    return false;
  }
  const ended = await direct
    .send((to) => to.DELETE(SESSION))
    .then(
      () => true,
      // Any refusal is an answer; only without one is it tried again.
      ({ status = 0 }: { status?: number }) => status >= 400 && status < 500,
    );
  if (ended) document.cookie = `${NAME}=; Max-Age=0; ${COOKIE}`;
  else addEventListener('online', () => location.reload(), { once: true });
  return true;
}

function hide(): void {
  document.documentElement.classList.add('gone');
}

/** Makes the keys work, other tabs follow, and Back never show a page as it was left. */
export function watchExit(): () => void {
  const keys = new ExitKeys();
  const press = (event: KeyboardEvent) => {
    if (keys.press(event, document.querySelector('dialog[open]') !== null)) quickExit();
  };
  // A browser keeps pages for Back as they look when they are left.
  const leave = (event: PageTransitionEvent) => event.persisted && hide();
  const back = (event: PageTransitionEvent) => {
    if (event.persisted) left ? away() : location.reload();
  };
  addEventListener('keydown', press, true);
  addEventListener('pagehide', leave);
  addEventListener('pageshow', back);
  otherTabs?.addEventListener('message', vanish);
  return () => {
    removeEventListener('keydown', press, true);
    removeEventListener('pagehide', leave);
    removeEventListener('pageshow', back);
    otherTabs?.removeEventListener('message', vanish);
  };
}
