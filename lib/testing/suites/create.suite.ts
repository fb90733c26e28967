import assert from 'node:assert/strict';
import { HOUR } from '../session-store.harness.js';
import type { StoreSuite } from '../store-suite.js';

const ODD_TEXT =
  'quotes \' " ` \\ \\\\ \\u0000 %s %% _ ? $1 :id @p0; -- /* */ \r\n\t ümläut 漢字 👩‍👩‍👧 \u{10ffff} \u2028 ﷽';

export const createSuite: StoreSuite = {
  title: 'create and load',
  define: (test, harness) => {
    test('finds a record with every field as it was created', async () => {
      const record = await harness.stored({
        previousHash: harness.newHash(),
        previousUntil: harness.clock + 10_000,
        data: '{"a":[1,2,{"b":null}]}',
        version: 7,
        userId: 'user-1',
        createdAt: harness.clock - HOUR,
        authenticatedAt: harness.clock - 1,
        absoluteExpiresAt: harness.clock + 24 * HOUR,
        ip: '2001:0db8:85a3:0000:0000:8a2e:255.255.255.255',
        userAgent: `Mozilla/5.0 (X11; Linux x86_64) ${'x'.repeat(1000)}`,
        audience: 'shop',
        groupId: harness.newId(),
      });
      await harness.expectStored(record);
    });

    test('keeps null apart from the empty string and from zero', async () => {
      await harness.expectStored(await harness.stored());
      const empty = { ip: '', userAgent: '', audience: '', groupId: '', authenticatedAt: 0, version: 0 };
      await harness.expectStored(await harness.stored(empty));
    });

    test('keeps quotes, backslashes, placeholders and every script as they are', async () => {
      const data = JSON.stringify({ [ODD_TEXT]: ODD_TEXT });
      const record = await harness.stored({ data, userAgent: ODD_TEXT, userId: ODD_TEXT });
      await harness.expectStored(record);
      const change = harness.change({ data: data + data });
      await harness.store.commit(record.id, record.version, change);
      await harness.expectStored({ ...record, ...change, version: record.version + 1 });
    });

    test('keeps data that is no JSON, and data that is empty', async () => {
      await harness.expectStored(await harness.stored({ data: '' }));
      await harness.expectStored(await harness.stored({ data: ' gcm.AAECAwQ=_-{[ ' }));
    });

    test('keeps data of exactly the largest size, created and committed', async () => {
      const record = await harness.stored({ data: 'c'.repeat(harness.maxDataSize) });
      await harness.expectStored(record);
      const threeBytes = '"é';
      const text = threeBytes.repeat(Math.floor(harness.maxDataSize / 3));
      const data = text + 'x'.repeat(harness.maxDataSize % 3);
      const change = harness.change({ data });
      await harness.store.commit(record.id, record.version, change);
      await harness.expectStored({ ...record, ...change, version: record.version + 1 });
    });

    test('finds nothing under an id that was never created', async () => {
      await harness.stored();
      await harness.expectNothing(harness.newId());
    });

    test('refuses an id that is taken, and leaves the record there as it is', async () => {
      const record = await harness.stored({ userId: 'user-1' });
      const intruder = harness.record({ id: record.id, userId: 'user-2', data: '{"intruder":true}' });
      assert.equal(await harness.store.create(intruder), false);
      await harness.expectStored(record);
      assert.equal((await harness.store.findByUser?.('user-2'))?.length ?? 0, 0);
    });

    test('puts a record in the place of one that has expired, and leaves nothing of that', async () => {
      const expired = await harness.stored({
        userId: 'user-1',
        previousHash: harness.newHash(),
        previousUntil: harness.clock,
        audience: 'shop',
      });
      harness.clock = expired.expiresAt;
      const record = harness.record({ id: expired.id, userId: 'user-2', version: 5, data: '{"next":true}' });
      assert.equal(await harness.store.create(record), true);
      await harness.expectStored(record);
      assert.equal((await harness.store.findByUser?.('user-1'))?.length ?? 0, 0);
      assert.equal((await harness.store.findByUser?.('user-2'))?.length ?? 1, 1);
    });

    test('lets exactly one of two records into the place of one that has expired', async () => {
      const { id, expiresAt } = await harness.stored();
      harness.clock = expiresAt;
      const first = harness.record({ id, version: 2, data: '{"first":true}' });
      const second = harness.record({ id, version: 3, data: '{"second":true}' });
      const created = await Promise.all([harness.store.create(first), harness.store.create(second)]);
      assert.deepEqual(created.toSorted(), [false, true]);
      await harness.expectStored(created[0] ? first : second);
    });

    test('lets exactly one of two creations of the same id through', async () => {
      const first = harness.record({ data: '{"first":true}' });
      const second = { ...harness.record({ id: first.id }), data: '{"second":true}' };
      const created = await Promise.all([harness.store.create(first), harness.store.create(second)]);
      assert.deepEqual(created.toSorted(), [false, true]);
      await harness.expectStored(created[0] ? first : second);
    });

    test('gives out records that are the caller’s own, and takes in copies', async () => {
      const given = harness.record();
      const original = { ...given };
      await harness.store.create(given);
      given.data = 'changed by the caller';
      const loaded = (await harness.store.load(original.id))!;
      loaded.data = 'changed by the reader';
      loaded.version = 99;
      await harness.expectStored(original);
      const result = await harness.store.commit(original.id, original.version + 1, harness.change());
      if (result.outcome === 'conflict' && result.fresh) result.fresh.data = 'changed by the loser';
      await harness.expectStored(original);
    });
  },
};
