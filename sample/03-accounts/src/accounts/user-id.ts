import { UnauthorizedException } from '@nestjs/common';
import type { Session } from 'nest-sessions';

/** Who is logged in. Behind `@RequireLogin()` somebody is. */
export function userIdOf(session: Session): string {
  if (session.userId === undefined) {
    throw new UnauthorizedException();
  }
  return session.userId;
}
