import assert from 'node:assert/strict';
import { HOUR } from '../session-store.harness.js';
import type { StoreSuite } from '../store-suite.js';

export const commitSuite: StoreSuite = {
  title: 'commit',
  define: (test, harness) => {
    test('writes data and activity, raises the version by one and leaves the rest alone', async () => {
      const record = await harness.stored({
        userId: 'user-1',
        version: 3,
        absoluteExpiresAt: harness.clock + 9 * HOUR,
      });
      const change = harness.change();
      assert.deepEqual(await harness.store.commit(record.id, 3, change), { outcome: 'committed' });
      await harness.expectStored({ ...record, ...change, version: 4 });
    });

    test('raises the version with every commit, also with one that changes nothing', async () => {
      const { id, data, lastSeenAt, expiresAt } = await harness.stored({ version: 1 });
      for (const version of [1, 2, 3]) {
        const { outcome } = await harness.store.commit(id, version, { data, lastSeenAt, expiresAt });
        assert.equal(outcome, 'committed');
      }
      assert.equal((await harness.store.load(id))?.version, 4);
    });

    test('moves the expiry to an earlier time too', async () => {
      const { id, version } = await harness.stored();
      const expiresAt = harness.clock + 5_000;
      await harness.store.commit(id, version, harness.change({ expiresAt }));
      harness.clock = expiresAt;
      await harness.expectNothing(id);
    });

    test('reports a conflict for every version but the present one, and writes nothing', async () => {
      const record = await harness.stored({ version: 5 });
      for (const version of [4, 6, 0]) {
        const result = await harness.store.commit(record.id, version, harness.change());
        assert.equal(result.outcome, 'conflict');
        if (result.outcome === 'conflict' && result.fresh) assert.deepEqual({ ...result.fresh }, record);
      }
      await harness.expectStored(record);
    });

    test('says that an absent record is gone, and does not create it', async () => {
      const record = harness.record();
      assert.deepEqual(await harness.store.commit(record.id, 1, harness.change()), { outcome: 'gone' });
      await harness.expectNothing(record.id);
      assert.equal(await harness.store.create(record), true, 'nothing takes the id');
    });

    test('says that an expired record is gone', async () => {
      const { id, version, expiresAt } = await harness.stored();
      harness.clock = expiresAt;
      assert.deepEqual(await harness.store.commit(id, version, harness.change()), { outcome: 'gone' });
    });

    test(
      'says that a destroyed record is gone',
      async () => {
        const { id, version } = await harness.stored();
        await harness.store.destroy(id);
        assert.deepEqual(await harness.store.commit(id, version, harness.change()), { outcome: 'gone' });
      },
      'revocable',
    );

    test('does not bring back the secret before a renewal', async () => {
      const record = await harness.stored();
      const [secretHash, previousUntil] = [harness.newHash(), harness.clock + 10_000];
      await harness.store.rotate(record.id, record.secretHash, { secretHash, previousUntil });
      const change = harness.change();
      await harness.store.commit(record.id, record.version, change);
      const renewed = { ...record, secretHash, previousHash: record.secretHash, previousUntil };
      await harness.expectStored({ ...renewed, ...change, version: record.version + 1 });
    });
  },
};
