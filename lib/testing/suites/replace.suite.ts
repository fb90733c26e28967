import assert from 'node:assert/strict';
import type { StoreSuite } from '../store-suite.js';

export const replaceSuite: StoreSuite = {
  title: 'replace',
  define: (test, harness) => {
    test('puts the new record in the place of the old one, with every field and its own version', async () => {
      const old = await harness.stored({
        userId: 'user-1',
        version: 8,
        ip: '127.0.0.1',
        groupId: harness.newId(),
      });
      const successor = harness.record({
        userId: 'user-2',
        version: 1,
        authenticatedAt: harness.clock,
        createdAt: harness.clock - 5,
        absoluteExpiresAt: harness.clock + 1_000_000,
        data: '{"successor":true}',
      });
      assert.deepEqual(await harness.store.replace(old.id, 8, successor), { outcome: 'committed' });
      await harness.expectNothing(old.id, 'user-1');
      await harness.expectStored(successor);
      assert.equal((await harness.store.commit(successor.id, 1, harness.change())).outcome, 'committed');
    });

    test('answers gone to a writer that still holds the old id', async () => {
      const old = await harness.stored();
      await harness.store.replace(old.id, old.version, harness.record());
      const { outcome } = await harness.store.commit(old.id, old.version, harness.change());
      assert.equal(outcome, 'gone');
      await harness.expectNothing(old.id);
    });

    test('reports a conflict for another version, and changes nothing', async () => {
      const old = await harness.stored({ version: 2 });
      const successor = harness.record();
      const result = await harness.store.replace(old.id, 1, successor);
      assert.equal(result.outcome, 'conflict');
      if (result.outcome === 'conflict' && result.fresh) assert.deepEqual({ ...result.fresh }, old);
      await harness.expectStored(old);
      await harness.expectNothing(successor.id);
    });

    test('says gone for a record that is not alive, and puts nothing in its place', async () => {
      const expired = await harness.stored();
      harness.clock = expired.expiresAt;
      for (const id of [expired.id, harness.newId()]) {
        const successor = harness.record({ userId: 'user-1' });
        assert.deepEqual(await harness.store.replace(id, 1, successor), { outcome: 'gone' });
        await harness.expectNothing(successor.id, 'user-1');
        assert.equal(await harness.store.create(successor), true, 'nothing takes the id');
      }
    });

    test('lets at most one of two replacements of one record through', async () => {
      const { store } = harness;
      for (let round = 0; round < 20; round++) {
        const old = await harness.stored({ userId: 'user-1' });
        const [one, two] = [harness.record({ userId: 'user-1' }), harness.record({ userId: 'user-1' })];
        const results = await Promise.all([
          store.replace(old.id, old.version, one),
          store.replace(old.id, old.version, two),
        ]);
        const outcomes = results.map((result) => result.outcome);
        assert.deepEqual(outcomes.toSorted(), ['committed', 'gone']);
        const [winner, loser] = outcomes[0] === 'committed' ? [one, two] : [two, one];
        await harness.expectNothing(old.id, 'user-1');
        await harness.expectNothing(loser.id, 'user-1');
        await harness.expectStored(winner);
      }
    });

    test('never overwrites a record that has the new id, and keeps the old one then', async () => {
      const old = await harness.stored({ userId: 'user-1' });
      const other = await harness.stored({ userId: 'user-2' });
      const successor = harness.record({ id: other.id, userId: 'user-1' });
      const answer = await harness.store
        .replace(old.id, old.version, successor)
        .catch((error: unknown) => error);
      assert.notDeepEqual(answer, { outcome: 'committed' });
      await harness.expectStored(old);
      await harness.expectStored(other);
    });
  },
};
