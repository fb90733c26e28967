import { UnauthorizedException, UseGuards, type CanActivate } from '@nestjs/common';
import { codedBody } from '../core/coded-body.js';
import { currentSession } from '../core/current-session.js';

/**
 * Lets only requests of users who are logged in through: on a handler, or on a class for all of its handlers. Others get
 * a 401 with the `errorCode` `LOGIN_REQUIRED`.
 *
 * @publicApi
 */
export const RequireLogin = (): MethodDecorator & ClassDecorator => UseGuards(new LoginGuard());

class LoginGuard implements CanActivate {
  async canActivate(): Promise<true> {
    await refuseAnonymous();
    return true;
  }
}

/** The session of the user who is logged in. @throws UnauthorizedException when nobody is. */
export async function refuseAnonymous() {
  const session = await currentSession();
  if (session.userId === undefined) {
    throw new UnauthorizedException(codedBody(401, 'Unauthorized', 'LOGIN_REQUIRED', 'Log in first.'));
  }
  return session;
}
