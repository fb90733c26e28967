import type { SessionStoreHarness } from './session-store.harness.js';

/** Which parts of the contract a store may leave out, saying why. */
export type SkippablePart = 'userIndex' | 'revocable' | 'clearExpired';

/**
 * Defines one test. With `needs`, the test is skipped by name where the store leaves that part out. `timeout` is how
 * long it may take, in milliseconds; two minutes unless told.
 */
export type DefineTest = (
  title: string,
  test: () => Promise<void>,
  needs?: SkippablePart,
  timeout?: number,
) => void;

/** A chapter of the conformance suite. */
export interface StoreSuite {
  readonly title: string;
  readonly define: (test: DefineTest, harness: SessionStoreHarness) => void;
}
