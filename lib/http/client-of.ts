import type { SessionClient } from '../core/session-client.interface.js';
import type { HttpRequest } from './http-exchange.interface.js';

/** Behind a proxy that is trusted with everything, clients choose what they are called. */
const LONGEST_ADDRESS = 64;
const LONGEST_USER_AGENT = 512;

/** Who sends a request, as far as it says so. Nothing is found out before it is asked for: Express works addresses out. */
class RequestClient implements SessionClient {
  /** Known from now on, also when the connection is gone. */
  readonly #remoteAddress: string | undefined;

  constructor(private readonly request: HttpRequest) {
    this.#remoteAddress = request.socket.remoteAddress;
  }

  get ip(): string | null {
    return (this.request.ip ?? this.#remoteAddress)?.slice(0, LONGEST_ADDRESS) ?? null;
  }

  get userAgent(): string | null {
    return this.request.headers['user-agent']?.slice(0, LONGEST_USER_AGENT) ?? null;
  }
}

export function clientOf(request: HttpRequest): SessionClient {
  return new RequestClient(request);
}
