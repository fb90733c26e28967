import { ForbiddenException } from '@nestjs/common';
import { codedBody } from '../core/coded-body.js';

/**
 * Why a request was refused, for programs. These strings stay.
 *
 * - `CSRF_CROSS_SITE`: the browser says that another site sends the request (`Sec-Fetch-Site`).
 * - `CSRF_ORIGIN`: its `Origin` is neither this one nor trusted.
 * - `CSRF_TOKEN_MISSING`: a token was needed and none came.
 * - `CSRF_TOKEN_INVALID`: the token is malformed, of another session, or from before the login.
 * - `CSRF_COOKIE`: the cookie that the token belongs to is missing, malformed or not the only one.
 *
 * @publicApi
 */
export type CsrfErrorCode =
  'CSRF_CROSS_SITE' | 'CSRF_ORIGIN' | 'CSRF_TOKEN_MISSING' | 'CSRF_TOKEN_INVALID' | 'CSRF_COOKIE';

/**
 * The request may come from another site, without the will of the user whose browser sent it. A 403 with the
 * `errorCode` in its body; the data of the session is as it was. Django: `CSRF_FAILURE_VIEW`.
 *
 * @publicApi
 */
export class CsrfError extends ForbiddenException {
  constructor(
    override readonly errorCode: CsrfErrorCode,
    message: string,
  ) {
    super(codedBody(403, 'Forbidden', errorCode, message));
    this.name = 'CsrfError';
  }
}

/**
 * The module is set up wrongly. Thrown at boot with every problem by its path.
 *
 * @publicApi
 */
export class CsrfOptionsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`CsrfModule is set up wrongly:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'CsrfOptionsError';
  }
}
