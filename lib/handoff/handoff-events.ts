import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import type { HandoffErrorCode } from './handoff.errors.js';

/** The name of the `node:diagnostics_channel` that carries every {@link HandoffEvent}. */
export const HANDOFF_CHANNEL = 'nest-sessions:handoff';

/**
 * Something that happened to a handoff. It carries no ticket.
 *
 * @publicApi
 */
export type HandoffEvent =
  /** The issuer has sent a browser on with a ticket. */
  | { readonly type: 'issued'; readonly audience: string; readonly subject: string }
  /** A ticket was exchanged for a login. */
  | { readonly type: 'redeemed'; readonly audience: string; readonly subject: string }
  /** A handoff was refused. */
  | {
      readonly type: 'refused';
      readonly errorCode: HandoffErrorCode;
      readonly message: string;
      readonly ip: string | null;
    }
  /** A ticket came a second time, from somebody who cannot have it; the login that it stands for was ended everywhere. */
  | { readonly type: 'ticket-reused'; readonly audience: string }
  /** An application (by its name) or the issuer (by its address) could not be told that a login has ended. It is told again. */
  | { readonly type: 'undelivered'; readonly recipient: string; readonly attempt: number };

const handoffs = channel(HANDOFF_CHANNEL);
const logger = new Logger('HandoffModule');

export function announce(event: HandoffEvent): void {
  if (handoffs.hasSubscribers) {
    handoffs.publish(event);
  }
  switch (event.type) {
    case 'refused':
      return logger.warn(`Refused a handoff: ${event.message} (${event.errorCode})`);
    case 'ticket-reused':
      return logger.warn(
        `A ticket for "${event.audience}" was used again by somebody else; the login is ended everywhere.`,
      );
    case 'undelivered':
      return logger.warn(
        `"${event.recipient}" could not be told that a login has ended (attempt ${event.attempt}).`,
      );
  }
}
