import { stringifySetCookie, type SetCookie } from 'cookie';
import type { CookieSettings } from '../options/cookie-settings.js';
import { isSecure, type HttpExchange, type HttpRequest } from './http-exchange.interface.js';
import type { SessionTransport } from './session-transport.interface.js';

/** Browsers cap Max-Age at 400 days (RFC 6265bis, section 5.6.2). */
const LONGEST_MAX_AGE = 400 * 24 * 60 * 60;

/** Carries the token in a cookie. */
export class CookieTransport implements SessionTransport {
  readonly header = 'Cookie';

  constructor(private readonly settings: CookieSettings) {}

  /**
   * Every value of our cookie. A cookie parser gives one value per name and decodes the cookies of everybody else; here
   * two values must not pass for one, and a token needs no decoding.
   */
  read({ headers }: HttpRequest): readonly string[] {
    const { name } = this.settings;
    if (!headers.cookie?.includes(name)) {
      return [];
    }
    const values: string[] = [];
    for (const pair of headers.cookie.split(';')) {
      const separator = pair.indexOf('=');
      if (separator > 0 && trim(pair.slice(0, separator)) === name) {
        values.push(trim(pair.slice(separator + 1)));
      }
    }
    return values;
  }

  send(exchange: HttpExchange, token: string, maxAge: number | undefined): void {
    this.#write(exchange, token, maxAge === undefined ? {} : { maxAge: Math.min(maxAge, LONGEST_MAX_AGE) });
  }

  clear(exchange: HttpExchange): void {
    this.#write(exchange, '', { maxAge: 0, expires: new Date(0) });
  }

  #write(
    { request, response }: HttpExchange,
    value: string,
    life: Pick<SetCookie, 'maxAge' | 'expires'>,
  ): void {
    const { secure, ...attributes } = this.settings;
    response.appendHeader(
      'Set-Cookie',
      stringifySetCookie({
        ...attributes,
        ...life,
        value,
        secure: secure === 'auto' ? isSecure(request) : secure,
      }),
    );
  }
}

/** Of space and tab only (RFC 6265bis, section 5.5): another blank makes another name, which no prefix protects. */
function trim(text: string): string {
  const isBlank = (index: number) => text[index] === ' ' || text[index] === '\t';
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}
