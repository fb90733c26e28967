import type { ActiveSession } from './active-session.js';
import { SessionContext } from './session-context.js';
import { SessionContextError } from './session.errors.js';

/** The session that the running code belongs to. @throws SessionContextError where there is none. */
export async function currentSession(): Promise<ActiveSession> {
  const context = SessionContext.current();
  if (!context) {
    throw new SessionContextError();
  }
  return context.session();
}
