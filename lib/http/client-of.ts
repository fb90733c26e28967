import type { SessionClient } from '../core/session-client.interface.js';
import type { HttpRequest } from './http-exchange.interface.js';

/** Behind a proxy that is trusted with everything, clients choose what they are called. */
const LONGEST_ADDRESS = 64;
const LONGEST_USER_AGENT = 512;

/** Who sends a request, as far as it says so. Nothing is found out before it is asked for: Express works an address out. */
export function clientOf(request: HttpRequest): SessionClient {
  const { headers, socket } = request;
  // Asked for once, it is known when the connection is gone, too.
  const { remoteAddress } = socket;
  return {
    get ip() {
      return (request.ip ?? remoteAddress)?.slice(0, LONGEST_ADDRESS) ?? null;
    },
    get userAgent() {
      return headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null;
    },
  };
}
