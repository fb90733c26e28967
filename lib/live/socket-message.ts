import type { ActiveSession } from '../core/active-session.js';
import { SessionContext } from '../core/session-context.js';

/** Where a message comes from. */
interface Sender {
  load(): Promise<ActiveSession>;
}

/** The session of one message: loaded anew for each, so that it shows what others have changed meanwhile. */
export class SocketMessage extends SessionContext {
  #opening: Promise<ActiveSession> | undefined;
  #session: ActiveSession | undefined;
  #isHandled = false;
  #whenDone: (() => void) | undefined;

  constructor(readonly socket: Sender) {
    super();
  }

  session(): Promise<ActiveSession> {
    return (this.#opening ??= this.socket.load().then((session) => (this.#session = session)));
  }

  /** Commits, when there is something to commit. */
  settle(): Promise<void> | undefined {
    return this.#session?.settle();
  }

  /** A handler has it. */
  begin(): void {
    this.#isHandled = true;
  }

  end(): void {
    this.#isHandled = false;
    this.#whenDone?.();
  }

  /** Calls back when the handler is done; at once when none has the message. */
  whenDone(callback: () => void): void {
    if (this.#isHandled) {
      this.#whenDone = callback;
    } else {
      callback();
    }
  }
}
