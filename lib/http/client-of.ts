import type { SessionClient } from '../core/session-client.interface.js';
import type { HttpRequest } from './http-exchange.interface.js';

/** Behind a proxy that is trusted with everything, clients choose what they are called. */
const LONGEST_ADDRESS = 64;
const LONGEST_USER_AGENT = 512;

/** Who sends a request, as far as it says so. */
export function clientOf({ ip, socket, headers }: HttpRequest): SessionClient {
  return {
    ip: (ip ?? socket.remoteAddress)?.slice(0, LONGEST_ADDRESS) ?? null,
    userAgent: headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null,
  };
}
