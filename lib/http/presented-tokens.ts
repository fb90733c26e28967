import type { HttpRequest } from './http-exchange.interface.js';
import type { SessionTransport } from './session-transport.interface.js';

/** What a client presents, unchecked. */
export interface PresentedTokens {
  /** By all transports together; the same token sent by two of them is one. */
  readonly tokens: readonly string[];
  /** The transports that it used. */
  readonly by: readonly SessionTransport[];
}

export function presentedTokens(
  transports: readonly SessionTransport[],
  request: HttpRequest,
): PresentedTokens {
  const [only] = transports;
  if (only && transports.length === 1) {
    const tokens = only.read(request);
    return { tokens, by: tokens.length > 0 ? transports : [] };
  }
  const presented = transports.map((transport) => transport.read(request));
  const all = presented.flat();
  return {
    tokens: presented.every((values) => values.length < 2) ? [...new Set(all)] : all,
    by: transports.filter((_, index) => presented[index]!.length > 0),
  };
}
