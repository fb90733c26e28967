import type { ActiveSession } from './active-session.js';
import { SessionContext } from './session-context.js';
import { SessionContextError } from './session.errors.js';

/** The session that the running code belongs to. @throws SessionContextError where there is none. */
export function currentSession(): Promise<ActiveSession> {
  const context = SessionContext.current();
  return context ? context.session() : Promise.reject(new SessionContextError());
}
