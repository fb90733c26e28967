import type { HttpExchange, HttpRequest } from './http-exchange.interface.js';
import type { SessionTransport } from './session-transport.interface.js';

/** RFC 9110, section 11.4: the scheme in any case, and after it what the scheme wants, which here is one token. */
const BEARER = /^bearer +([^ ].*)$/is;

/**
 * Carries the token in the header `Authorization: Bearer <token>` (RFC 6750, section 2.1). A new one comes back in the
 * same form, so that a client sends what it got.
 *
 * Credentials of another scheme, such as those of a proxy that asks for a password (`Basic`), are no business of ours.
 */
export class BearerTransport implements SessionTransport {
  readonly header = 'Authorization';

  read(request: HttpRequest): readonly string[] {
    if (request.headers.authorization === undefined) {
      return [];
    }
    // Of several Node keeps the first and forgets the others, which a proxy may have checked instead. Over HTTP/2 these
    // are all that there is.
    const { rawHeaders } = request;
    return rawHeaders.flatMap((name, index) =>
      index % 2 === 0 && name.toLowerCase() === 'authorization'
        ? (BEARER.exec(rawHeaders[index + 1]!.trim())?.[1]?.trim() ?? [])
        : [],
    );
  }

  send({ response }: HttpExchange, token: string): void {
    response.setHeader(this.header, `Bearer ${token}`);
  }

  clear({ response }: HttpExchange): void {
    response.setHeader(this.header, '');
  }
}
