import type { ActiveSession } from '../core/active-session.js';
import { SessionInterruptedError } from '../core/session.errors.js';
import { HandoffRefusal } from './handoff.errors.js';

/** Stores a login before anything is said of it. @throws HandoffRefusal when it has ended meanwhile. */
export async function saveLogin(session: ActiveSession): Promise<void> {
  try {
    await session.save();
  } catch (error) {
    if (error instanceof SessionInterruptedError) {
      throw new HandoffRefusal('HANDOFF_ENDED', 'The login has ended meanwhile.', 400, { cause: error });
    }
    throw error;
  }
}
