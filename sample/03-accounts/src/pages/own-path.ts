const ORIGIN = 'http://own.invalid';

/**
 * The path of an address when it leads to this site, else the fallback: what a visitor brings along in `?next=` must not
 * send them elsewhere after login.
 */
export function ownPath(address: unknown, fallback = '/'): string {
  const url = typeof address === 'string' && address.startsWith('/') ? parseUrl(address, ORIGIN) : undefined;
  if (!url) {
    return fallback;
  }
  const { origin, pathname, search, hash } = url;
  // Two slashes at the beginning would be another host again: `/.//evil.example` has such a path.
  return origin === ORIGIN && !pathname.startsWith('//') ? pathname + search + hash : fallback;
}

/** The URL that a text is. `URL.canParse` of Node.js 20 is not always right about what is not ASCII. */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** A link to a page that comes back to where one was. */
export function withNext(path: string, next = '/'): string {
  return next === '/' ? path : `${path}?${new URLSearchParams({ next })}`;
}
