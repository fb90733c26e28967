import type { ActiveSession } from '../core/active-session.js';
import type { CookieSettings } from '../options/cookie-settings.js';
import type { ExpressLikeCookie } from './express-like-cookie.interface.js';
import { isSecure, type HttpRequest } from './http-exchange.interface.js';

type Lifetime = Parameters<ActiveSession['setExpiry']>[0];

/** What the cookie of one request goes by. */
interface CookieContext {
  readonly session: ActiveSession;
  readonly settings: CookieSettings;
  readonly request: HttpRequest;
  readonly now: () => number;
}

/** The cookie of a session, in the words of express-session. What its members promise stands at the interface. */
export class CookieFacade implements ExpressLikeCookie {
  readonly #context: CookieContext;

  constructor(context: CookieContext) {
    this.#context = context;
  }

  get maxAge(): number | undefined {
    return this.originalMaxAge ?? undefined;
  }

  set maxAge(value: number | Date | null | false | undefined) {
    if (value instanceof Date) {
      this.expires = value;
      return;
    }
    if (isNone(value)) {
      this.#setExpiry('browser');
      return;
    }
    if (typeof value !== 'number' || Number.isNaN(value)) {
      throw new TypeError(
        'cookie.maxAge takes a number of milliseconds, or null for the end of the browser session.',
      );
    }
    if (!(value > 0)) {
      throw new RangeError('cookie.maxAge takes milliseconds above 0; destroy() ends a session at once.');
    }
    this.#setExpiry(value / 1000);
  }

  get originalMaxAge(): number | null {
    const { expires } = this;
    return expires && Math.max(0, expires.getTime() - this.#context.now());
  }

  set originalMaxAge(value: number | null) {
    this.maxAge = value;
  }

  get expires(): Date | null {
    const { session } = this.#context;
    return session.expiresAtBrowserClose ? null : session.getExpiryDate();
  }

  set expires(value: Date | null | false | undefined) {
    if (!isNone(value) && !(value instanceof Date)) {
      throw new TypeError('cookie.expires takes a Date, or null for the end of the browser session.');
    }
    this.#setExpiry(isNone(value) ? 'browser' : value);
  }

  get path(): string {
    return this.#context.settings.path;
  }

  get domain(): string | undefined {
    return this.#context.settings.domain;
  }

  get httpOnly(): boolean {
    return this.#context.settings.httpOnly;
  }

  get secure(): boolean {
    const { settings, request } = this.#context;
    return settings.secure === 'auto' ? isSecure(request) : settings.secure;
  }

  get sameSite(): CookieSettings['sameSite'] {
    return this.#context.settings.sameSite;
  }

  get partitioned(): boolean {
    return this.#context.settings.partitioned;
  }

  get priority(): CookieSettings['priority'] {
    return this.#context.settings.priority;
  }

  toJSON(): Record<string, unknown> {
    const { originalMaxAge, expires, path, domain, httpOnly, secure, sameSite, partitioned, priority } = this;
    return { originalMaxAge, partitioned, priority, expires, secure, httpOnly, domain, path, sameSite };
  }

  #setExpiry(value: Lifetime): void {
    this.#context.session.setExpiry(value);
  }
}

function isNone(value: unknown): value is null | false | undefined {
  return value === null || value === false || value === undefined;
}
