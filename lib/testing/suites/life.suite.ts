import assert from 'node:assert/strict';
import type { StoreSuite } from '../store-suite.js';
import { WRITING_VERBS } from '../writing-verbs.js';

export const lifeSuite: StoreSuite = {
  title: 'alive, expired and destroyed',
  define: (test, harness) => {
    test('load finds a record until the millisecond before expiresAt, and not from then on', async () => {
      const record = await harness.stored({ userId: 'user-1' });
      harness.clock = record.expiresAt - 1;
      await harness.expectStored(record);
      harness.clock = record.expiresAt;
      await harness.expectNothing(record.id, 'user-1');
    });

    for (const { name, needs, run } of WRITING_VERBS) {
      test(
        `${name} writes until the millisecond before expiresAt, and not from then on`,
        async () => {
          const early = await harness.stored();
          const late = await harness.stored({ expiresAt: early.expiresAt });
          harness.clock = early.expiresAt - 1;
          const written = await run(harness, early, harness.record());
          if (written === undefined) return;
          assert.equal(written, true, 'it is still alive');
          harness.clock = early.expiresAt;
          assert.equal(await run(harness, late, harness.record()), false, 'it is not any more');
          await harness.expectNothing(late.id);
        },
        needs,
      );

      test(
        `${name} leaves nothing behind under an id that is not there`,
        async () => {
          const [absent, successor] = [
            harness.record({ userId: 'user-1' }),
            harness.record({ userId: 'user-1' }),
          ];
          assert.ok(!(await run(harness, absent, successor)));
          for (const record of [absent, successor]) {
            await harness.expectNothing(record.id, 'user-1');
            assert.equal(await harness.store.create(record), true, 'nothing takes the id');
          }
        },
        needs,
      );

      test(
        `${name} does not bring back a destroyed record`,
        async () => {
          const record = await harness.stored({ userId: 'user-1' });
          const successor = harness.record({ userId: 'user-1' });
          assert.equal(await harness.store.destroy(record.id), true);
          assert.ok(!(await run(harness, record, successor)));
          await harness.expectNothing(record.id, 'user-1');
          await harness.expectNothing(successor.id, 'user-1');
        },
        'revocable',
      );

      test(
        `${name} does not bring back an expired record`,
        async () => {
          const record = await harness.stored({ userId: 'user-1' });
          const successor = harness.record({ userId: 'user-1' });
          harness.clock = record.expiresAt + 1;
          assert.ok(!(await run(harness, record, successor)));
          await harness.expectNothing(record.id, 'user-1');
          await harness.expectNothing(successor.id, 'user-1');
          // A clock that is set back shows what is stored, if anything: the record as it was.
          harness.clock = record.expiresAt - 1;
          const left = await harness.store.load(record.id);
          if (left) assert.deepEqual({ ...left }, record);
        },
        needs,
      );
    }

    test(
      'destroy tells whether a live record was there',
      async () => {
        const { store } = harness;
        const record = await harness.stored({ userId: 'user-1' });
        assert.equal(await store.destroy(harness.newId()), false);
        assert.equal(await store.destroy(record.id), true);
        await harness.expectNothing(record.id, 'user-1');
        assert.equal(await store.destroy(record.id), false);
      },
      'revocable',
    );

    test(
      'destroy tells only one of two callers that it was there',
      async () => {
        for (let round = 0; round < 20; round++) {
          const { id } = await harness.stored();
          const answers = await Promise.all([harness.store.destroy(id), harness.store.destroy(id)]);
          assert.deepEqual(answers.toSorted(), [false, true]);
          await harness.expectNothing(id);
        }
      },
      'revocable',
    );
  },
};
