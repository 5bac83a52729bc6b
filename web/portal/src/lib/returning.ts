/** The path of a page of this site, or home: never another site's, whatever it was made of. */
export function safePath(path: string | null | undefined): string {
  if (!path?.startsWith('/')) return '/';
  const { origin, pathname, search } = new URL(path, location.origin);
  return origin === location.origin && !pathname.startsWith('//') ? pathname + search : '/';
}
