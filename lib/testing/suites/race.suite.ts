import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HOUR } from '../session-store.harness.js';
import type { StoreSuite } from '../store-suite.js';
import { WRITING_VERBS } from '../writing-verbs.js';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const ROUNDS = 30;

/** Starts two operations at once, the second one up to four turns of the event loop later, and by turns first. */
async function race<A, B>(round: number, one: () => Promise<A>, two: () => Promise<B>): Promise<[A, B]> {
  const late = async <T>(work: () => Promise<T>) => {
    for (let turn = 0; turn < Math.floor(round / 2) % 5; turn++) await nextTurn();
    return work();
  };
  if (round % 2 === 0) return Promise.all([one(), late(two)]);
  const second = two();
  return [await late(one), await second];
}

export const raceSuite: StoreSuite = {
  title: 'requests at the same time',
  define: (test, harness) => {
    test('26 parallel writers of different keys lose nothing', async () => {
      const { id, version } = await harness.stored({ data: '{}' });
      await Promise.all(LETTERS.map((key) => harness.commitUntilItHolds(id, (data) => (data[key] = key))));
      const record = (await harness.store.load(id))!;
      assert.deepEqual(Object.keys(JSON.parse(record.data) as object).toSorted(), LETTERS);
      assert.equal(record.version, version + LETTERS.length, 'one version per commit');
    });

    test('26 parallel counters of one key lose nothing', async () => {
      const { id } = await harness.stored({ data: '{"n":0}' });
      const writers = LETTERS.map(() =>
        harness.commitUntilItHolds(id, (data) => (data['n'] = Number(data['n']) + 1)),
      );
      await Promise.all(writers);
      assert.equal((await harness.store.load(id))?.data, '{"n":26}');
    });

    test('lets exactly one of two commits of the same version through', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const record = await harness.stored();
        const changes = [harness.change({ data: '"one"' }), harness.change({ data: '"two"' })] as const;
        const results = await race(
          round,
          () => harness.store.commit(record.id, record.version, changes[0]),
          () => harness.store.commit(record.id, record.version, changes[1]),
        );
        const outcomes = results.map((result) => result.outcome);
        assert.deepEqual(outcomes.toSorted(), ['committed', 'conflict']);
        const winner = changes[outcomes.indexOf('committed')];
        await harness.expectStored({ ...record, ...winner, version: record.version + 1 });
      }
    });

    for (const { name, run } of WRITING_VERBS.filter((verb) => !['destroy', 'replace'].includes(verb.name))) {
      test(
        `${name} at the same time as destroy never resurrects the record`,
        async () => {
          for (let round = 0; round < ROUNDS; round++) {
            const record = await harness.stored({ userId: 'user-1' });
            const [destroyed] = await race(
              round,
              () => harness.store.destroy(record.id),
              () => run(harness, record, harness.record()),
            );
            assert.equal(destroyed, true);
            await harness.expectNothing(record.id, 'user-1');
          }
        },
        'revocable',
      );
    }

    test(
      'of destroy and replace at the same time exactly one holds',
      async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const old = await harness.stored({ userId: 'user-1' });
          const successor = harness.record({ userId: 'user-1' });
          const [destroyed, { outcome }] = await race(
            round,
            () => harness.store.destroy(old.id),
            () => harness.store.replace(old.id, old.version, successor),
          );
          assert.equal(outcome, destroyed ? 'gone' : 'committed');
          await harness.expectNothing(old.id, 'user-1');
          if (destroyed) await harness.expectNothing(successor.id, 'user-1');
          else await harness.expectStored(successor);
        }
      },
      'revocable',
    );

    test('of commit and replace at the same time exactly one holds', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const old = await harness.stored();
        const successor = harness.record();
        const change = harness.change();
        const [committed, replaced] = await race(
          round,
          () => harness.store.commit(old.id, old.version, change),
          () => harness.store.replace(old.id, old.version, successor),
        );
        const outcomes = [committed.outcome, replaced.outcome];
        if (committed.outcome === 'committed') {
          assert.deepEqual(outcomes, ['committed', 'conflict']);
          await harness.expectStored({ ...old, ...change, version: old.version + 1 });
          await harness.expectNothing(successor.id);
        } else {
          assert.deepEqual(outcomes, ['gone', 'committed']);
          await harness.expectNothing(old.id);
          await harness.expectStored(successor);
        }
      }
    });

    test('touch at the same time as commit never undoes the expiry that the commit set', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const record = await harness.stored();
        const change = harness.change({ expiresAt: harness.clock + 60_000 });
        const activity = { lastSeenAt: harness.clock, expiresAt: harness.clock + 5 * HOUR };
        const [{ outcome }] = await race(
          round,
          () => harness.store.commit(record.id, record.version, change),
          () => harness.store.touch(record.id, record.version, activity),
        );
        assert.equal(outcome, 'committed');
        await harness.expectStored({ ...record, ...change, version: record.version + 1 });
      }
    });
  },
};
