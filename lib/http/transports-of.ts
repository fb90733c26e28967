import type { ResolvedOptions } from '../options/resolve-options.js';
import { BearerTransport } from './bearer.transport.js';
import { CookieTransport } from './cookie.transport.js';
import { HeaderTransport } from './header.transport.js';
import type { SessionTransport } from './session-transport.interface.js';

/** The ways that tokens travel by these options. */
export function transportsOf({
  transports,
  cookie,
  header,
}: Pick<ResolvedOptions, 'transports' | 'cookie' | 'header'>): SessionTransport[] {
  return transports.map((name) => {
    if (name === 'cookie') {
      return new CookieTransport(cookie);
    }
    return header.toLowerCase() === 'authorization' ? new BearerTransport() : new HeaderTransport(header);
  });
}
