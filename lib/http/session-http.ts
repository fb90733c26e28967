import type { SessionRepository } from '../core/session.repository.js';
import type { CookieSettings } from '../options/cookie-settings.js';
import type { SessionTransport } from './session-transport.interface.js';

/** What every request shares: where sessions are kept and how their tokens travel. */
export class SessionHttp {
  constructor(
    readonly repository: SessionRepository,
    readonly transports: readonly SessionTransport[],
    /** How the application has its cookies. */
    readonly cookie: CookieSettings,
  ) {}
}
