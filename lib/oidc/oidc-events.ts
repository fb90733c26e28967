import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import type { OidcErrorCode } from './oidc.errors.js';

/** The name of the `node:diagnostics_channel` that carries every {@link OidcEvent}. */
export const OIDC_CHANNEL = 'nest-sessions:oidc';

/**
 * Something that happened to a logout that an identity provider has told of. It carries no token.
 *
 * @publicApi
 */
export type OidcEvent =
  /** The logout of a login (`sid`), or of all logins of a user (`sub` alone), and how many sessions it has ended. */
  | {
      readonly type: 'backchannel-logout';
      readonly iss: string;
      readonly sub?: string;
      readonly sid?: string;
      readonly count: number;
    }
  /** A request was refused, or could not be answered. */
  | {
      readonly type: 'refused';
      readonly errorCode: OidcErrorCode;
      readonly message: string;
      readonly ip: string | null;
    };

const logouts = channel(OIDC_CHANNEL);
const logger = new Logger('OidcLogoutModule');

export function announce(event: OidcEvent): void {
  if (logouts.hasSubscribers) {
    logouts.publish(event);
  }
  // Whoever sends too much nonsense fills no log with it.
  if (event.type === 'refused' && event.errorCode !== 'OIDC_RATE') {
    logger.warn(`Refused a logout of the identity provider: ${event.message} (${event.errorCode})`);
  }
}
