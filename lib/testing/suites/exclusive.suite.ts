import assert from 'node:assert/strict';
import type { SessionRecord } from '../../stores/session-record.js';
import type { StoreSuite } from '../store-suite.js';

export const exclusiveSuite: StoreSuite = {
  title: 'commitExclusively, where the store has it',
  define: (test, harness) => {
    test('commits what rebase makes of the present record', async () => {
      if (!harness.store.commitExclusively) return;
      const record = await harness.stored({ version: 4, userId: 'user-1' });
      const change = harness.change();
      const seen: SessionRecord[] = [];
      const result = await harness.store.commitExclusively(record.id, (fresh) => {
        seen.push({ ...fresh });
        fresh.data = 'changed by rebase';
        return { change };
      });
      assert.deepEqual(result, { outcome: 'committed' });
      assert.deepEqual(seen.at(-1), record);
      await harness.expectStored({ ...record, ...change, version: 5 });
    });

    test('says gone without calling rebase when no record is alive', async () => {
      if (!harness.store.commitExclusively) return;
      const expired = await harness.stored();
      const destroyed = await harness.stored();
      await harness.store.destroy(destroyed.id);
      harness.clock = expired.expiresAt;
      for (const id of [expired.id, destroyed.id, harness.newId()]) {
        const result = await harness.store.commitExclusively(id, () => assert.fail('rebase was called'));
        assert.deepEqual(result, { outcome: 'gone' });
        await harness.expectNothing(id);
      }
    });

    test('changes nothing when rebase throws, and lets the next writer through', async () => {
      if (!harness.store.commitExclusively) return;
      const record = await harness.stored();
      const failure = new Error('rebase failed');
      const rebase = () => {
        throw failure;
      };
      await assert.rejects(harness.store.commitExclusively(record.id, rebase), (error) => error === failure);
      await harness.expectStored(record);
      const change = harness.change();
      assert.equal(
        (await harness.store.commitExclusively(record.id, () => ({ change }))).outcome,
        'committed',
      );
    });

    test('lets every one of ten parallel writers through, beside ordinary commits', async () => {
      const { store } = harness;
      if (!store.commitExclusively) return;
      const { id } = await harness.stored({ data: '{}' });
      const exclusively = async (key: string) => {
        const result = await store.commitExclusively!(id, (fresh) => {
          const data = JSON.stringify({ ...(JSON.parse(fresh.data) as object), [key]: 1 });
          return { change: harness.change({ data }) };
        });
        assert.equal(result.outcome, 'committed');
      };
      const writers = Array.from({ length: 10 }, (_, index) => exclusively(`exclusive-${index}`));
      const others = Array.from({ length: 5 }, (_, index) =>
        harness.commitUntilItHolds(id, (data) => (data[`ordinary-${index}`] = 1)),
      );
      await Promise.all([...writers, ...others]);
      const record = await store.load(id);
      assert.equal(Object.keys(JSON.parse(record!.data) as object).length, 15);
    });
  },
};
