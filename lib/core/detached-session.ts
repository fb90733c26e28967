import type { ActiveSession } from './active-session.js';
import { SessionContext } from './session-context.js';

/** A session outside any request: in a job, a consumer, a test. */
export class DetachedSession extends SessionContext {
  constructor(private readonly detached: ActiveSession) {
    super();
  }

  async session(): Promise<ActiveSession> {
    return this.detached;
  }
}
