import assert from 'node:assert/strict';
import { HOUR } from '../session-store.harness.js';
import type { StoreSuite } from '../store-suite.js';

export const touchAndRotateSuite: StoreSuite = {
  title: 'touch and rotate',
  define: (test, harness) => {
    test('touch moves the activity, and neither data nor version nor anything else', async () => {
      const record = await harness.stored({ userId: 'user-1', version: 3 });
      const activity = { lastSeenAt: harness.clock + 7, expiresAt: harness.clock + 3 * HOUR };
      assert.equal(await harness.store.touch(record.id, 3, activity), true);
      await harness.expectStored({ ...record, ...activity });
    });

    test('touch answers true also when it moves nothing', async () => {
      const record = await harness.stored();
      const { lastSeenAt, expiresAt } = record;
      assert.equal(await harness.store.touch(record.id, record.version, { lastSeenAt, expiresAt }), true);
      await harness.expectStored(record);
    });

    test('touch keeps a record alive beyond its first expiry', async () => {
      const record = await harness.stored();
      const activity = { lastSeenAt: harness.clock, expiresAt: record.expiresAt + HOUR };
      await harness.store.touch(record.id, record.version, activity);
      harness.clock = record.expiresAt + HOUR - 1;
      await harness.expectStored({ ...record, ...activity });
    });

    test('touch does nothing for another version: a commit has moved the expiry itself', async () => {
      const record = await harness.stored({ version: 3 });
      const activity = { lastSeenAt: harness.clock + 7, expiresAt: harness.clock + 3 * HOUR };
      for (const version of [2, 4]) {
        assert.equal(await harness.store.touch(record.id, version, activity), false);
      }
      await harness.expectStored(record);
    });

    test('rotate swaps the secret, keeps the one before, and leaves data, version and expiry', async () => {
      const record = await harness.stored({ userId: 'user-1', version: 3 });
      const rotation = { secretHash: harness.newHash(), previousUntil: harness.clock + 10_000 };
      assert.equal(await harness.store.rotate(record.id, record.secretHash, rotation), true);
      await harness.expectStored({ ...record, ...rotation, previousHash: record.secretHash });
    });

    test('rotate does nothing unless the hash is the expected one, letter by letter', async () => {
      const record = await harness.stored({ secretHash: 'aAbBcC-_'.repeat(5) });
      const rotation = { secretHash: harness.newHash(), previousUntil: harness.clock + 10_000 };
      for (const hash of [harness.newHash(), record.secretHash.toLowerCase(), `${record.secretHash} `]) {
        assert.equal(await harness.store.rotate(record.id, hash, rotation), false);
      }
      await harness.expectStored(record);
    });

    test('rotate lets exactly one of two rotations of the same secret through', async () => {
      for (let round = 0; round < 20; round++) {
        const { id, secretHash } = await harness.stored();
        const previousUntil = harness.clock + 10_000;
        const hashes = [harness.newHash(), harness.newHash()];
        const rotated = await Promise.all(
          hashes.map((hash) => harness.store.rotate(id, secretHash, { secretHash: hash, previousUntil })),
        );
        assert.deepEqual(rotated.toSorted(), [false, true]);
        const record = await harness.store.load(id);
        assert.equal(record?.secretHash, hashes[rotated.indexOf(true)]);
        assert.equal(record?.previousHash, secretHash);
      }
    });

    test('a commit and a rotation at once both hold', async () => {
      const record = await harness.stored();
      const rotation = { secretHash: harness.newHash(), previousUntil: harness.clock + 10_000 };
      const change = harness.change();
      const [{ outcome }, rotated] = await Promise.all([
        harness.store.commit(record.id, record.version, change),
        harness.store.rotate(record.id, record.secretHash, rotation),
      ]);
      assert.deepEqual([outcome, rotated], ['committed', true]);
      const version = record.version + 1;
      await harness.expectStored({
        ...record,
        ...change,
        ...rotation,
        previousHash: record.secretHash,
        version,
      });
    });
  },
};
