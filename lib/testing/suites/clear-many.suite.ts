import assert from 'node:assert/strict';
import type { SessionRecord } from '../../stores/session-record.js';
import { HOUR } from '../session-store.harness.js';
import type { SessionStoreHarness } from '../session-store.harness.js';
import type { StoreSuite } from '../store-suite.js';

const BATCHES = 100;
const ALIVE = 200;
/** Each with dozens of expired sessions when there are a hundred thousand. */
const USERS = 1_000;
/** Looked at one by one afterwards. */
const SAMPLE = 100;

/**
 * Records that expire by and by in the second half of an hour, half of them with a user, and live ones spread among
 * them; then it is an hour later. Were it any earlier, a storage with a clock of its own could drop some of them while
 * the others are still being put in.
 */
async function storeMixture(harness: SessionStoreHarness, count: number) {
  const userOf = (index: number) => (index % 2 === 0 ? `user-${index % USERS}` : null);
  const expired = Array.from({ length: count }, (_, index) =>
    harness.record({ userId: userOf(index), expiresAt: harness.clock + HOUR / 2 + 1 + (index % (HOUR / 2)) }),
  );
  const alive = Array.from({ length: ALIVE }, (_, index) =>
    harness.record({ userId: userOf(index), expiresAt: harness.clock + 2 * HOUR }),
  );
  const between = Math.ceil(count / ALIVE);
  const mixed = alive.flatMap((one, index) => [
    ...expired.slice(index * between, (index + 1) * between),
    one,
  ]);
  await harness.seed(mixed);
  harness.clock += HOUR;
  return { expired, alive };
}

/** Loads the session and commits to it. */
async function use(harness: SessionStoreHarness, record: SessionRecord): Promise<SessionRecord> {
  await harness.expectStored(record, 'a live session is found while others are cleared');
  const change = harness.change();
  const result = await harness.store.commit(record.id, record.version, change);
  assert.deepEqual(result, { outcome: 'committed' }, 'and takes a commit');
  return { ...record, ...change, version: record.version + 1 };
}

export const clearManySuite: StoreSuite = {
  title: 'clearExpired on many records',
  define: (test, harness) => {
    const { expiredRecords } = harness;
    const batchSize = Math.ceil(expiredRecords / BATCHES);

    test(
      `clears ${expiredRecords} expired records in batches of ${batchSize}, and no live one, while sessions are used`,
      async () => {
        const { expired, alive } = await storeMixture(harness, expiredRecords);
        const progress: number[] = [];
        const uses: Promise<void>[] = [];
        let used = 0;
        const useAnother = async (record: SessionRecord, index: number) => {
          alive[index] = await use(harness, record);
          used += 1;
        };
        const onProgress = (cleared: number) => {
          progress.push(cleared);
          const next = alive[uses.length];
          if (next) uses.push(useAnother(next, uses.length));
        };

        const cleared = await harness.store.clearExpired({ batchSize, onProgress });
        const usedMeanwhile = used;
        await Promise.all(uses);

        assert.equal(cleared, expiredRecords, 'it tells how many it has deleted');
        const steps = progress.map((after, index) => after - (progress[index - 1] ?? 0));
        const largest = Math.max(...steps);
        assert.ok(Math.min(...steps) >= 0, 'progress never goes back');
        assert.ok(largest <= batchSize, `no batch is larger than ${batchSize}; one was ${largest}`);
        assert.equal(progress.at(-1), expiredRecords, 'the last report is the whole');
        assert.ok(
          usedMeanwhile >= uses.length / 4,
          `sessions can be used meanwhile; of ${uses.length} only ${usedMeanwhile} did not wait for the end`,
        );

        for (const record of alive) await harness.expectStored(record, 'a live session is left as it was');
        const every = Math.ceil(expired.length / SAMPLE);
        for (const { id } of expired.filter((_, index) => index % every === 0)) {
          assert.equal(await harness.store.create(harness.record({ id })), true, 'the id is free');
        }
        assert.equal(await harness.store.clearExpired({ batchSize }), 0, 'nothing is left to clear');
      },
      'clearExpired',
      // Two minutes for what every test has, and ten times what our own stores take for a record on a fast disk.
      120_000 + 4 * expiredRecords,
    );
  },
};
