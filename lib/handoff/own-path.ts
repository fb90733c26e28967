import { parseUrl } from '../options/parse-url.js';

/** What a URL parser skips, or takes for the slash of another host. */
const TRICKS = /[\s\p{Cc}\\]/u;
const NOWHERE = 'http://own.invalid';

/**
 * The path that a parameter such as `returnTo` names, when it is one of the own origin; `'/'` for everything else. It begins
 * with one slash, and a browser, whatever it is sent to it by, stays on this host.
 *
 * @publicApi
 */
export function ownPath(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('/') || TRICKS.test(value)) {
    return '/';
  }
  const url = parseUrl(value, NOWHERE);
  if (!url) {
    return '/';
  }
  const { origin, pathname, search, hash } = url;
  // A path may come to begin with two slashes only once its dots are resolved.
  return origin === NOWHERE && !value.startsWith('//') && !pathname.startsWith('//')
    ? `${pathname}${search}${hash}`
    : '/';
}
