import assert from 'node:assert/strict';
import type { SessionRecord } from '../stores/session-record.js';
import type { SessionStore, SessionStoreContext } from '../stores/session-store.js';
import { createEach } from './create-each.js';
import { SessionStoreHarness } from './session-store.harness.js';
import type { DefineTest, SkippablePart, StoreSuite } from './store-suite.js';
import { clearExpiredSuite } from './suites/clear-expired.suite.js';
import { clearManySuite } from './suites/clear-many.suite.js';
import { commitSuite } from './suites/commit.suite.js';
import { createSuite } from './suites/create.suite.js';
import { exclusiveSuite } from './suites/exclusive.suite.js';
import { lifeSuite } from './suites/life.suite.js';
import { peekSuite } from './suites/peek.suite.js';
import { raceSuite } from './suites/race.suite.js';
import { replaceSuite } from './suites/replace.suite.js';
import { touchAndRotateSuite } from './suites/touch-and-rotate.suite.js';
import { userIndexSuite } from './suites/user-index.suite.js';
import { testGlobals } from './test-globals.js';

const TIMEOUT = 120_000;

const SUITES: readonly StoreSuite[] = [
  createSuite,
  peekSuite,
  commitSuite,
  exclusiveSuite,
  replaceSuite,
  touchAndRotateSuite,
  lifeSuite,
  raceSuite,
  clearExpiredSuite,
  clearManySuite,
  userIndexSuite,
];

/**
 * Makes the store for one test, on storage that is empty. The suite calls `open` and `close` itself.
 *
 * @publicApi
 */
export type SessionStoreFactory = (context: SessionStoreContext) => SessionStore | Promise<SessionStore>;

/**
 * Options of {@link describeSessionStore}.
 *
 * @publicApi
 */
export interface DescribeSessionStoreOptions {
  /**
   * Parts of the contract that the store leaves out, each with the reason, which is shown in the titles of the
   * skipped tests:
   * - `userIndex`: no `findByUser` and `destroyByUser`; goes with the capability `userIndex: false`;
   * - `revocable`: `destroy` cannot kill a session at once; goes with the capability `revocable: false`;
   * - `clearExpired`: the storage lets records expire by itself, so there is nothing to count.
   */
  readonly skip?: Readonly<Partial<Record<SkippablePart, string>>>;
  /** What the store is opened with, in bytes, and what it must hold. Default: 1 MiB. */
  readonly maxDataSize?: number;
  /**
   * How many expired records one test has the store clear, in a hundred batches, while other sessions are in use. The
   * store has to hold them and 200 live ones. Our own stores clear 100 000. Default: 1000.
   */
  readonly expiredRecords?: number;
  /**
   * Puts the records of that test into the empty store, as `create` would but faster, such as by an INSERT of many
   * rows. Default: `store.create()` for each, 32 at a time.
   */
  readonly seed?: (store: SessionStore, records: readonly SessionRecord[]) => Promise<void>;
}

/**
 * Defines the tests that every session store has to pass: each line of the contract on `SessionStore`, with a clock
 * of their own and without waiting. For Jest, Mocha, and Vitest with `globals: true`.
 *
 * ```ts
 * describeSessionStore('MyStore', async () => new MyStore(await emptyDatabase()));
 * ```
 *
 * Throws when the global test functions are missing.
 *
 * @publicApi
 */
export function describeSessionStore(
  name: string,
  factory: SessionStoreFactory,
  options: DescribeSessionStoreOptions = {},
): void {
  const { describe, it, beforeEach, afterEach } = testGlobals();
  const { skip = {}, maxDataSize = 1_048_576, expiredRecords = 1_000 } = options;
  const { seed = (store, records) => createEach(store, records) } = options;
  const harness = new SessionStoreHarness(factory, { maxDataSize, expiredRecords, seed });

  const test: DefineTest = (title, run, needs, timeout = TIMEOUT) => {
    const reason = needs && skip[needs];
    if (reason !== undefined) return it.skip(`${title} (skipped, no ${needs}: ${reason})`, run);
    return it(
      title,
      async function (this: unknown) {
        // Mocha takes the timeout here, Jest and Vitest as an argument.
        (this as { timeout?: (ms: number) => void } | undefined)?.timeout?.(timeout);
        await run();
      },
      timeout,
    );
  };

  describe(`${name} as a session store`, () => {
    beforeEach(() => harness.start());
    afterEach(() => harness.stop());

    test('has a name and the capabilities that the tests rely on', async () => {
      const { capabilities, findByUser, destroyByUser } = harness.store;
      assert.ok(harness.store.name.length > 0);
      assert.ok(['everywhere', 'this-process', 'nowhere'].includes(capabilities.atomicCommit));
      for (const part of ['userIndex', 'revocable'] as const) {
        const expected = skip[part] === undefined;
        const advice = `pass \`skip: { ${part}: 'why' }\` to describeSessionStore exactly when it is false`;
        assert.equal(
          capabilities[part],
          expected,
          `capabilities.${part} is ${capabilities[part]}: ${advice}`,
        );
      }
      if (!capabilities.userIndex) return;
      assert.deepEqual([typeof findByUser, typeof destroyByUser], ['function', 'function']);
    });

    for (const { title, define } of SUITES) describe(title, () => define(test, harness));
  });
}
