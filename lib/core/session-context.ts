import { AsyncLocalStorage } from 'node:async_hooks';
import type { ActiveSession } from './active-session.js';

/** Where a session belongs: a request, or a job that was given one. Opens it when first asked for. */
export abstract class SessionContext {
  static readonly #storage = new AsyncLocalStorage<SessionContext>();

  /** The context that the running code belongs to. */
  static current(): SessionContext | undefined {
    return SessionContext.#storage.getStore();
  }

  /** Runs a function, and all that it starts, in this context. */
  run<T>(fn: () => T): T {
    return SessionContext.#storage.run(this, fn);
  }

  /** Runs a function in no context: for what outlives the request that has caused it. */
  static outside<T>(fn: () => T): T {
    return SessionContext.#storage.exit(fn);
  }

  abstract session(): Promise<ActiveSession>;
}
