import { ServiceUnavailableException } from '@nestjs/common';
import { codedBody } from '../core/coded-body.js';

/**
 * Why a handoff has come to nothing, for programs. These strings stay.
 *
 * - `HANDOFF_AUDIENCE`: the issuer knows no application of that name.
 * - `HANDOFF_REQUEST`: a parameter is missing or malformed.
 * - `HANDOFF_NAVIGATION`: the request is no visit of a page: a frame, a script or a prefetch.
 * - `HANDOFF_TRANSACTION`: this browser has not begun the login, or it took too long.
 * - `HANDOFF_ISSUER`: the answer comes from another issuer than was asked.
 * - `HANDOFF_TICKET`: the ticket is unknown, has expired, was used, or is not for this browser or application.
 * - `HANDOFF_USER`: the option `user` has refused the login.
 * - `HANDOFF_ENDED`: the login has ended meanwhile.
 * - `HANDOFF_LOOP`: the browser has been sent to and fro too often.
 * - `HANDOFF_SIGNATURE`: a request between servers is not signed as it should be.
 * - `HANDOFF_UNAVAILABLE`: the issuer cannot be reached.
 *
 * @publicApi
 */
export type HandoffErrorCode =
  | 'HANDOFF_AUDIENCE'
  | 'HANDOFF_REQUEST'
  | 'HANDOFF_NAVIGATION'
  | 'HANDOFF_TRANSACTION'
  | 'HANDOFF_ISSUER'
  | 'HANDOFF_TICKET'
  | 'HANDOFF_USER'
  | 'HANDOFF_ENDED'
  | 'HANDOFF_LOOP'
  | 'HANDOFF_SIGNATURE'
  | 'HANDOFF_UNAVAILABLE';

/**
 * The issuer cannot be reached, or has answered with something else than it should. A 503: whether a login still holds
 * cannot be told without it.
 *
 * @publicApi
 */
export class HandoffUnavailableError extends ServiceUnavailableException {
  constructor(what: string, cause?: unknown) {
    const message = `The issuer of the login cannot be reached (${what}).`;
    super(codedBody(503, 'Service Unavailable', 'HANDOFF_UNAVAILABLE', message), { cause });
    this.name = 'HandoffUnavailableError';
  }
}

/**
 * The module is set up wrongly. Thrown at boot with every problem by its path.
 *
 * @publicApi
 */
export class HandoffOptionsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`HandoffModule is set up wrongly:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'HandoffOptionsError';
  }
}

/** Ends a handoff with a page, or an answer to a server, that says why. */
export class HandoffRefusal extends Error {
  constructor(
    readonly errorCode: HandoffErrorCode,
    message: string,
    readonly status = 400,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
