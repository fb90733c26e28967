import assert from 'node:assert/strict';
import type { StoreSuite } from '../store-suite.js';

const ids = (records: readonly { id: string }[]) => records.map((record) => record.id);

export const userIndexSuite: StoreSuite = {
  title: 'the sessions of a user',
  define: (test, harness) => {
    // Spread, because a runner may run the tests in another realm than the driver that made the array.
    const find = async (userId: string) => [...(await harness.store.findByUser!(userId))];
    const destroy = (userId: string, options?: { except?: string }) =>
      harness.store.destroyByUser!(userId, options);
    const it = (title: string, run: () => Promise<void>) => test(title, run, 'userIndex');

    it('findByUser gives the live ones of that user, last seen first, as they are stored', async () => {
      const at = (lastSeenAt: number, expiresAt = harness.clock + 1_000) =>
        harness.stored({ userId: 'user-1', lastSeenAt, expiresAt });
      const middle = await at(harness.clock - 20);
      const last = await at(harness.clock - 10);
      const first = await at(harness.clock - 30);
      await at(harness.clock, harness.clock + 1);
      await harness.stored({ userId: 'user-2' });
      await harness.stored();
      harness.clock += 1;
      const found = await find('user-1');
      assert.deepEqual(
        found.map((record) => ({ ...record })),
        [last, middle, first],
      );
      found[0]!.data = 'changed by the reader';
      await harness.expectStored(last);
      assert.deepEqual(await find('user-3'), []);
    });

    it('findByUser orders by the last touch and the last commit', async () => {
      const one = await harness.stored({ userId: 'user-1' });
      const two = await harness.stored({ userId: 'user-1' });
      const seen = (later: number) => harness.change({ lastSeenAt: harness.clock + later });
      await harness.store.commit(one.id, one.version, seen(1));
      assert.deepEqual(ids(await find('user-1')), [one.id, two.id]);
      const { lastSeenAt, expiresAt } = seen(2);
      await harness.store.touch(two.id, two.version, { lastSeenAt, expiresAt });
      assert.deepEqual(ids(await find('user-1')), [two.id, one.id]);
    });

    it('finds a session under the user of its replacement, and no longer under the one before', async () => {
      const old = await harness.stored({ userId: 'user-1' });
      const successor = harness.record({ userId: 'user-2' });
      await harness.store.replace(old.id, old.version, successor);
      assert.deepEqual(ids(await find('user-1')), []);
      assert.deepEqual(ids(await find('user-2')), [successor.id]);
      const anonymous = harness.record();
      await harness.store.replace(successor.id, successor.version, anonymous);
      assert.deepEqual(ids(await find('user-2')), []);
    });

    it('takes users apart letter by letter', async () => {
      const users = [
        'Bob',
        'bob',
        'bob ',
        'bób',
        "o'brien",
        'o%',
        '%',
        '',
        '1',
        '漢字',
        'a:b',
        'a',
        'b',
        '*',
      ];
      const records = new Map<string, string>();
      for (const userId of users) records.set(userId, (await harness.stored({ userId })).id);
      for (const userId of users) assert.deepEqual(ids(await find(userId)), [records.get(userId)], userId);
      assert.equal(await destroy('bob'), 1);
      assert.equal(await destroy('%'), 1);
      const left = users.filter((userId) => userId !== 'bob' && userId !== '%');
      for (const userId of left) assert.deepEqual(ids(await find(userId)), [records.get(userId)], userId);
    });

    it('destroyByUser deletes the live ones of that user and tells how many', async () => {
      const mine = [await harness.stored({ userId: 'user-1' }), await harness.stored({ userId: 'user-1' })];
      const other = await harness.stored({ userId: 'user-2' });
      await harness.stored({ userId: 'user-1', expiresAt: harness.clock + 1 });
      harness.clock += 1;
      assert.equal(await destroy('user-1'), 2);
      for (const { id } of mine) await harness.expectNothing(id, 'user-1');
      await harness.expectStored(other);
      assert.equal(await destroy('user-1'), 0);
    });

    it('destroyByUser spares the one excepted, and no session of another user', async () => {
      const kept = await harness.stored({ userId: 'user-1' });
      const gone = await harness.stored({ userId: 'user-1' });
      assert.equal(await destroy('user-1', { except: kept.id }), 1);
      await harness.expectStored(kept);
      await harness.expectNothing(gone.id, 'user-1');
      const other = await harness.stored({ userId: 'user-2' });
      assert.equal(await destroy('user-1', { except: other.id }), 1);
      await harness.expectStored(other);
    });

    it('destroyByUser at the same time as commits resurrects nothing', async () => {
      for (let round = 0; round < 10; round++) {
        const records = [];
        for (let index = 0; index < 4; index++) records.push(await harness.stored({ userId: 'user-1' }));
        const commits = records.map(({ id, version }) => harness.store.commit(id, version, harness.change()));
        const [destroyed] = await Promise.all([destroy('user-1'), ...commits]);
        assert.equal(destroyed, 4);
        for (const { id } of records) await harness.expectNothing(id, 'user-1');
      }
    });
  },
};
