import { CookieTransport } from '../http/cookie.transport.js';
import type { RequestSession } from '../http/request-session.js';
import type { CookieSettings } from '../options/cookie-settings.js';

/** More in {@link PERIOD} than a person begins, with all their tabs. */
const MOST_STARTS = 10;
/** In seconds. */
const PERIOD = 60;
/** For how long a browser that nobody is logged in with is not asked again without a word, in seconds. */
const ANONYMOUS_FOR = 5 * 60;

/**
 * What a browser has been through here lately: how often it was sent to the issuer, and whether nobody was logged in there.
 * It is the browser's own business, so it is not sealed: who changes it is sent round in circles, or not at all.
 */
export class VisitCookie {
  readonly #starts: CookieTransport;
  readonly #anonymous: CookieTransport;

  constructor(cookie: Pick<CookieSettings, 'secure'>) {
    const prefix = cookie.secure === true ? '__Host-' : '';
    const transport = (name: string) =>
      new CookieTransport({
        name: `${prefix}${name}`,
        secure: cookie.secure,
        httpOnly: true,
        sameSite: 'lax',
        path: '/',
        domain: undefined,
        partitioned: false,
        priority: undefined,
      });
    // Not to be taken for the cookie of a transaction.
    this.#starts = transport('handoffs');
    this.#anonymous = transport('handoff_anonymous');
  }

  /** Counts a start. Whether it is one too many. */
  isLoop(exchange: RequestSession, now: number): boolean {
    const [text = ''] = this.#starts.read(exchange.request);
    const [, count, since] = /^(\d{1,3})\.(\d{1,12})$/.exec(text) ?? [];
    const seconds = Math.floor(now / 1000);
    const isRecent = since !== undefined && seconds - Number(since) < PERIOD;
    const starts = isRecent ? Number(count) + 1 : 1;
    const begun = isRecent ? since : String(seconds);
    exchange.beforeHead(() => this.#starts.send(exchange, `${starts}.${begun}`, PERIOD));
    return starts > MOST_STARTS;
  }

  isAnonymous({ request }: RequestSession): boolean {
    return this.#anonymous.read(request).length > 0;
  }

  rememberAnonymous(exchange: RequestSession): void {
    exchange.beforeHead(() => this.#anonymous.send(exchange, '1', ANONYMOUS_FOR));
  }
}
