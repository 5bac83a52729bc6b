let secret = $state<string>();

/** Pages that mailed links open. */
const PAGES = ['/activate', '/reset'];

/**
 * Takes the secret of a mailed link out of the address, before anything else can see it or keep it: from then on it is
 * in memory only.
 */
export function takeLink(): void {
  const { hash, pathname } = location;
  if (hash.length < 2 || !PAGES.includes(pathname.replace(/\/$/, ''))) return;
  secret = hash.slice(1);
  history.replaceState(history.state, '', pathname);
}

/** The mailed link that brought the client here. */
export const link = {
  /** Its secret, unless there is none. */
  get secret(): string | undefined {
    return secret;
  },
  /** It was used. */
  forget(): void {
    secret = undefined;
  },
};
