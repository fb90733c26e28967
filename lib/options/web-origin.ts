import { parseUrl } from './parse-url.js';

/** `scheme://host[:port]` and nothing else. What a URL parser would repair on the way does not count as a host. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[^\s/?#\\@,%:[\]]+)(?::\d{1,5})?$/i;

/**
 * An origin in the one form that browsers send it in (RFC 6454, section 6.2): lower case, without the default port of its
 * scheme. `undefined` when the text is not an origin, as `null` is not.
 */
export function serializeOrigin(text: string): string | undefined {
  const url = ORIGIN.test(text) ? parseUrl(text) : undefined;
  return url?.host ? `${url.protocol}//${url.host}` : undefined;
}
