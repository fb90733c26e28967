import type { HttpExchange, HttpRequest } from './http-exchange.interface.js';
import type { SessionTransport } from './session-transport.interface.js';

/** Carries the token in a header, for clients that keep no cookies. A new token comes back in the same header. */
export class HeaderTransport implements SessionTransport {
  readonly #key: string;

  constructor(readonly header: string) {
    this.#key = header.toLowerCase();
  }

  read({ headers }: HttpRequest): readonly string[] {
    // Node joins what was sent twice with a comma, which no token contains.
    const value = headers[this.#key];
    return value === undefined ? [] : [String(value).trim()].filter(Boolean);
  }

  send({ response }: HttpExchange, token: string): void {
    response.setHeader(this.header, token);
  }

  clear({ response }: HttpExchange): void {
    response.setHeader(this.header, '');
  }
}
