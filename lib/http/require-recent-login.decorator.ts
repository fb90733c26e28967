import { ForbiddenException, UseGuards, type CanActivate } from '@nestjs/common';
import { codedBody } from '../core/coded-body.js';
import { durationInSeconds, type Duration } from '../core/duration.js';
import { refuseAnonymous } from './require-login.decorator.js';

/**
 * Lets only requests of users through whose login is not older than this: for what is delicate. Others get a 403 with
 * the `errorCode` `RECENT_LOGIN_REQUIRED`, and 401 as with `@RequireLogin()` when nobody is logged in. `login()` for the
 * same user makes the login recent. OWASP ASVS 7.5.1 and 7.5.3.
 *
 * @param maxAge Seconds, or a duration such as `'10m'`.
 * @throws RangeError when `maxAge` is no duration above 0.
 * @publicApi
 */
export function RequireRecentLogin(maxAge: Duration): MethodDecorator & ClassDecorator {
  const seconds = durationInSeconds(maxAge);
  if (!seconds) {
    throw new RangeError(
      `@RequireRecentLogin() takes seconds or a duration such as '10m', not ${JSON.stringify(maxAge)}.`,
    );
  }
  return UseGuards(new RecentLoginGuard(seconds));
}

class RecentLoginGuard implements CanActivate {
  constructor(private readonly seconds: number) {}

  async canActivate(): Promise<true> {
    const session = await refuseAnonymous();
    if (session.loginAge! > this.seconds * 1000) {
      const message = `The login must not be older than ${this.seconds} seconds: log in again.`;
      throw new ForbiddenException(codedBody(403, 'Forbidden', 'RECENT_LOGIN_REQUIRED', message));
    }
    return true;
  }
}
