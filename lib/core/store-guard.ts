import type { SessionEvents } from './session-events.js';
import { SessionStoreError } from './session.errors.js';

/** Runs a verb of the store; whatever it throws becomes a `SessionStoreError` and an event. */
export async function guardStore<T>(verb: string, events: SessionEvents, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    // What our own code throws inside a store's critical section is no fault of the store.
    if (error instanceof StoreBypass) {
      throw error.cause;
    }
    events.emit({ type: 'store-error', verb, error });
    throw new SessionStoreError(verb, error);
  }
}

/** Carries an error of the caller through the store unharmed. */
export class StoreBypass extends Error {}
