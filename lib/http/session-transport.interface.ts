import type { HttpExchange, HttpRequest } from './http-exchange.interface.js';

/** How a token travels between client and server. */
export interface SessionTransport {
  /** The request header that it reads, for `Vary`. */
  readonly header: string;
  /** What the client presents, unchecked; more than one when it presents several. */
  read(request: HttpRequest): readonly string[];
  /** Gives the client a token for `maxAge` seconds, or until the browser is closed. */
  send(exchange: HttpExchange, token: string, maxAge: number | undefined): void;
  /** Takes the client's token away. */
  clear(exchange: HttpExchange): void;
}
