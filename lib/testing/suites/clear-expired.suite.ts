import assert from 'node:assert/strict';
import { HOUR } from '../session-store.harness.js';
import type { SessionStoreHarness } from '../session-store.harness.js';
import type { StoreSuite } from '../store-suite.js';

async function storeMany(harness: SessionStoreHarness, count: number, expiresAt: number) {
  const records = Array.from({ length: count }, () => harness.record({ expiresAt, userId: 'user-1' }));
  for (const record of records) assert.equal(await harness.store.create(record), true);
  return records;
}

export const clearExpiredSuite: StoreSuite = {
  title: 'clearExpired',
  define: (test, harness) => {
    test(
      'deletes all that has expired, nothing else, and tells how many',
      async () => {
        const expired = await storeMany(harness, 12, harness.clock + HOUR);
        const alive = await storeMany(harness, 5, harness.clock + HOUR + 1);
        harness.clock += HOUR;
        assert.equal(await harness.store.clearExpired(), 12);
        for (const record of alive) await harness.expectStored(record);
        for (const { id } of expired) {
          assert.equal(await harness.store.create(harness.record({ id })), true, 'the id is free');
        }
        assert.equal(await harness.store.clearExpired(), 0);
      },
      'clearExpired',
    );

    test(
      'deletes in batches and reports how far it is',
      async () => {
        await storeMany(harness, 25, harness.clock + HOUR);
        harness.clock += HOUR;
        const progress: number[] = [];
        const onProgress = (cleared: number) => void progress.push(cleared);
        assert.equal(await harness.store.clearExpired({ batchSize: 10, onProgress }), 25);
        const steps = progress.map((cleared, index) => cleared - (progress[index - 1] ?? 0));
        assert.equal(progress.at(-1), 25);
        assert.ok(
          steps.every((step) => step >= 0 && step <= 10),
          `steps of ${steps.join(', ')}`,
        );
      },
      'clearExpired',
    );

    test(
      'takes batches of nothing for the smallest that there are',
      async () => {
        await storeMany(harness, 3, harness.clock + HOUR);
        harness.clock += HOUR;
        assert.equal(await harness.store.clearExpired({ batchSize: 0 }), 3);
      },
      'clearExpired',
    );

    test(
      'stops between two batches when aborted; what is deleted stays deleted',
      async () => {
        await storeMany(harness, 25, harness.clock + HOUR);
        harness.clock += HOUR;
        const abort = new AbortController();
        const progress: number[] = [];
        const onProgress = (cleared: number) => {
          progress.push(cleared);
          abort.abort();
        };
        const options = { batchSize: 10, onProgress, signal: abort.signal };
        const cleared = await harness.store.clearExpired(options);
        assert.deepEqual(progress, [cleared], 'one batch');
        assert.ok(cleared <= 10);
        assert.equal(cleared + (await harness.store.clearExpired()), 25);
      },
      'clearExpired',
    );

    test(
      'deletes nothing when aborted from the start',
      async () => {
        await storeMany(harness, 3, harness.clock + HOUR);
        harness.clock += HOUR;
        assert.equal(await harness.store.clearExpired({ signal: AbortSignal.abort() }), 0);
        assert.equal(await harness.store.clearExpired(), 3);
      },
      'clearExpired',
    );

    test('does not hold up live sessions, and spares what is touched meanwhile', async () => {
      await storeMany(harness, 20, harness.clock + HOUR);
      const alive = await storeMany(harness, 10, harness.clock + HOUR + 1);
      harness.clock += HOUR;
      const activity = { lastSeenAt: harness.clock, expiresAt: harness.clock + HOUR };
      const touch = async () => {
        const touches = alive.map(({ id, version }) => harness.store.touch(id, version, activity));
        const touched = await Promise.all(touches);
        harness.clock += 10;
        return touched;
      };
      const [, touched] = await Promise.all([harness.store.clearExpired({ batchSize: 3 }), touch()]);
      await harness.store.clearExpired();
      assert.ok(touched.every(Boolean), 'all of them were alive and were touched');
      for (const record of alive) await harness.expectStored({ ...record, ...activity });
    });
  },
};
