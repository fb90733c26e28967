import { MemoryStore } from './memory.store.js';
import type { SessionStoreDefinition } from './session-store.definition.js';

/**
 * Options of {@link memoryStore}.
 *
 * @publicApi
 */
export interface MemoryStoreOptions {
  /** The largest number of sessions. Beyond it the least recently used one is logged out. Default: 10 000. */
  readonly max?: number;
}

/**
 * Keeps sessions in the memory of this process, for tests and first steps: a restart logs everybody out. Bounded:
 * when full, expired sessions are dropped first and then the least recently used one is evicted, and an evicted
 * session is a logged-out one.
 *
 * Throws a `RangeError` when `max` is not a whole number of at least 1.
 *
 * @publicApi
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStoreDefinition {
  const { max = 10_000 } = options;
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new RangeError(`memoryStore: \`max\` must be a whole number of at least 1, got ${String(max)}.`);
  }
  return { useFactory: () => new MemoryStore(max) };
}
