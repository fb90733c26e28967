import assert from 'node:assert/strict';
import type { StoreSuite } from '../store-suite.js';

export const peekSuite: StoreSuite = {
  title: 'peek, where the store has it',
  define: (test, harness) => {
    const expectHead = async (id: string) => {
      const { data: _, ...head } = (await harness.store.load(id))!;
      assert.deepEqual({ ...(await harness.store.peek!(id)) }, head);
    };

    test('gives the record as load does, without its data, after every write', async () => {
      if (!harness.store.peek) return;
      const { id, version, secretHash } = await harness.stored({ userId: 'user-1', ip: '127.0.0.1' });
      await expectHead(id);
      await harness.store.commit(id, version, harness.change());
      await expectHead(id);
      const activity = { lastSeenAt: harness.clock + 5, expiresAt: harness.clock + 7_000 };
      assert.equal(await harness.store.touch(id, version + 1, activity), true);
      await expectHead(id);
      const rotation = { secretHash: harness.newHash(), previousUntil: harness.clock + 10_000 };
      assert.equal(await harness.store.rotate(id, secretHash, rotation), true);
      await expectHead(id);
      const successor = harness.record();
      await harness.store.replace(id, version + 1, successor);
      await expectHead(successor.id);
      assert.equal(await harness.store.peek(id), undefined);
    });

    test('finds nothing that is not alive', async () => {
      if (!harness.store.peek) return;
      const [expired, destroyed] = [await harness.stored(), await harness.stored()];
      await harness.store.destroy(destroyed.id);
      harness.clock = expired.expiresAt - 1;
      assert.ok(await harness.store.peek(expired.id));
      harness.clock = expired.expiresAt;
      for (const id of [expired.id, destroyed.id, harness.newId()]) {
        assert.equal(await harness.store.peek(id), undefined);
      }
    });
  },
};
