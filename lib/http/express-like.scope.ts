import { Logger } from '@nestjs/common';
import type { ActiveSession } from '../core/active-session.js';
import type { CookieSettings } from '../options/cookie-settings.js';
import { CookieFacade } from './express-like.cookie.js';
import type { RequestSession } from './request-session.js';

/** One request in which express-session's API is spoken: what all `req.session` objects that it sees share. */
export class ExpressLikeScope {
  static readonly #logger = new Logger('SessionModule');
  readonly cookie: CookieFacade;
  #isEnded = false;

  constructor(
    private readonly context: RequestSession,
    readonly session: ActiveSession,
    settings: CookieSettings,
    now: () => number,
  ) {
    const { request } = context;
    this.cookie = new CookieFacade({ session, settings, now, request });
    Object.defineProperty(request, 'sessionID', {
      configurable: true,
      enumerable: true,
      get: () => session.id ?? '',
    });
  }

  /** Whether there is no `req.session` any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Makes this `req.session`. */
  begin(facade: object): void {
    this.#isEnded = false;
    this.#request.session = facade;
  }

  /** Takes `req.session` away. */
  end(): void {
    this.#isEnded = true;
    delete this.#request.session;
  }

  /** Tells the callback how the work has ended. */
  report(work: Promise<void>, callback: ((error: unknown) => void) | undefined): void {
    const tell = (error: unknown) =>
      // Not in the promise, where what a callback throws would be taken for a failure of the work.
      process.nextTick(() => this.context.run(() => callback!(error)));
    work.then(
      () => callback && tell(undefined),
      (error: unknown) => (callback ? tell(error) : ExpressLikeScope.#logger.error(String(error))),
    );
  }

  get #request(): { session?: unknown } {
    return this.context.request as { session?: unknown };
  }
}
