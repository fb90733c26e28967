import { isSecure, type HttpRequest } from '../http/http-exchange.interface.js';
import { serializeOrigin } from '../options/web-origin.js';

/** By what a handshake is judged. */
export interface OriginPolicy {
  readonly trustedOrigins: ReadonlySet<string>;
  /** Whether the session is for pages that come by TLS only. */
  readonly needsTls: boolean;
}

/**
 * The origin of another site whose page opens a socket here, with the cookies of its visitor (OWASP: cross-site WebSocket
 * hijacking); `undefined` when it is our own page, a trusted one, or no browser.
 */
export function foreignOrigin(request: HttpRequest, policy: OriginPolicy): string | undefined {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  if (origin === undefined) {
    // Long polling begins with a GET, with which browsers may send no Origin.
    const isOwn = site === undefined || site === 'same-origin' || site === 'none';
    return isOwn ? undefined : '';
  }
  const sender = serializeOrigin(origin);
  if (sender !== undefined && policy.trustedOrigins.has(sender)) {
    return undefined;
  }
  // Behind a proxy that ends TLS the connection is plain, and the frameworks' trust in it is not asked for upgrades.
  const schemes = policy.needsTls || isSecure(request) ? ['https'] : ['https', 'http'];
  const own = schemes.map((scheme) => serializeOrigin(`${scheme}://${host}`));
  return sender !== undefined && own.includes(sender) ? undefined : origin;
}
