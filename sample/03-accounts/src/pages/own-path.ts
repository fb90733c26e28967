const ORIGIN = 'http://own.invalid';

/**
 * The path of an address when it leads to this site, else the fallback: what a visitor brings along in `?next=` must not
 * send them elsewhere after login.
 */
export function ownPath(address: unknown, fallback = '/'): string {
  if (typeof address !== 'string' || !address.startsWith('/') || !URL.canParse(address, ORIGIN)) {
    return fallback;
  }
  const { origin, pathname, search, hash } = new URL(address, ORIGIN);
  // Two slashes at the beginning would be another host again: `/.//evil.example` has such a path.
  return origin === ORIGIN && !pathname.startsWith('//') ? pathname + search + hash : fallback;
}

/** A link to a page that comes back to where one was. */
export function withNext(path: string, next = '/'): string {
  return next === '/' ? path : `${path}?${new URLSearchParams({ next })}`;
}
