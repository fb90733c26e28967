import type { SessionEvents } from './session-events.js';
import { SessionStoreError } from './session.errors.js';

/** Runs a verb of the store; whatever it throws becomes a `SessionStoreError` and an event. */
export function guardStore<T>(verb: string, events: SessionEvents, run: () => Promise<T>): Promise<T> {
  const failed = (error: unknown): Promise<never> => {
    // What our own code throws inside a store's critical section is no fault of the store.
    if (error instanceof StoreBypass) {
      return Promise.reject(error.cause);
    }
    events.emit({ type: 'store-error', verb, error });
    return Promise.reject(new SessionStoreError(verb, error));
  };
  try {
    // A store in plain JavaScript may give what it has at once.
    return Promise.resolve(run()).then(undefined, failed);
  } catch (error) {
    return failed(error);
  }
}

/** Carries an error of the caller through the store unharmed. */
export class StoreBypass extends Error {}
