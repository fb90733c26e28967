import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Logger } from '@nestjs/common';
import { Keyv } from 'keyv';
import { randomBytes } from 'node:crypto';
import { describeSessionStore } from 'nest-sessions/testing';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { CachedStore } from '../../lib/stores/cached/cached.store.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import type { SessionCache } from '../../lib/stores/cached/session-cache.interface.js';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { observed, peeking } from '../support/peeking.store.js';
import { describeWithRedis, redisUrl } from '../support/redis-servers.js';
import { insertRecords, openSessionTable, sessionRecord } from '../support/session-table.js';

const memory = () => peeking(new MemoryStore(10_000));

// The caches that fail would be told of thousands of times.
Logger.overrideLogger(false);

describeSessionStore('CachedStore in memory', () => new CachedStore(memory(), memoryCache()));

const faulty: Record<string, () => SessionCache> = {
  'throws at once': () => {
    const fail = () => {
      throw new Error('the cache is broken');
    };
    return { get: fail, set: fail, delete: fail };
  },
  'rejects everything': () => {
    const fail = async () => {
      throw new Error('the cache is broken');
    };
    return { get: fail, set: fail, delete: fail };
  },
  'keeps the first value for ever': () => {
    const values = new Map<string, string>();
    return {
      get: (key) => values.get(key),
      set: (key, value) => void (values.has(key) || values.set(key, value)),
      delete: () => true,
    };
  },
  'always answers with what was set last, for whatever session': () => {
    let last: string | undefined;
    return { get: () => last, set: (_key, value) => void (last = value), delete: () => true };
  },
  'loses every write and says that it did well': () => ({
    get: async () => undefined,
    set: async () => true,
    del: async () => true,
  }),
};

for (const [what, cache] of Object.entries(faulty)) {
  describeSessionStore(`CachedStore with a cache that ${what}`, () => new CachedStore(memory(), cache()));
}

describeEachDatabase(
  'CachedStore',
  (database) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;

    beforeAll(async () => {
      scratch = await database.create();
      dataSource = await openSessionTable(scratch.options);
    });

    afterAll(async () => {
      await dataSource?.destroy();
      await scratch?.drop();
    });

    // Truncating is slower where there is next to nothing.
    beforeEach(() => dataSource.query('DELETE FROM sessions'));

    const typeorm = () => peeking(new TypeOrmStore(dataSource, SessionEntity));

    describeSessionStore('CachedStore with memory', () => new CachedStore(typeorm(), memoryCache()), {
      expiredRecords: 100_000,
      seed: (_store, records) => insertRecords(dataSource, records),
    });

    describeWithRedis('and a cache in Redis', () => {
      // A namespace of its own keeps the tests of several runs apart.
      const keyv = new Keyv(new KeyvRedis(redisUrl), {
        namespace: `test-${randomBytes(6).toString('hex')}`,
      });

      afterAll(async () => {
        await keyv.clear();
        await keyv.disconnect();
      });

      describeSessionStore('CachedStore with Redis', () => new CachedStore(typeorm(), keyv));

      it('gives the data from Redis to another process that has never read it', async () => {
        const id = randomBytes(16).toString('hex');
        const writer = new CachedStore(typeorm(), keyv);
        const { store, calls } = observed(typeorm());
        const reader = new CachedStore(store, keyv);
        for (const cached of [writer, reader]) await cached.open({ now: () => 1_000, maxDataSize: 1_000 });
        await writer.create(sessionRecord(id, { data: '"äöü 漢字 \\ud800"' }));
        await writer.close();
        calls();
        expect(await reader.load(id)).toEqual(sessionRecord(id, { data: '"äöü 漢字 \\ud800"' }));
        expect(calls()).toEqual(['peek']);
      });
    });
  },
  ({ type, inMemory }) => type === 'postgres' || (type === 'better-sqlite3' && !inMemory),
);

describe('what a CachedStore asks of the database', () => {
  const ID = '0123456789abcdef0123456789abcdef';
  const CHANGE = { data: '"new"', lastSeenAt: 5, expiresAt: 900_000 };

  async function setUp() {
    const { store: database, calls } = observed(new MemoryStore(10));
    const cache = memoryCache();
    const store = new CachedStore(database, cache);
    await store.open({ now: () => 1_000, maxDataSize: 1_000 });
    await store.create(sessionRecord(ID, { userId: 'user' }));
    calls();
    return { store, database, cache, calls };
  }

  it('is one peek per read, as long as the version stays', async () => {
    const { store, calls } = await setUp();
    for (let reads = 0; reads < 3; reads++)
      expect(await store.load(ID)).toMatchObject({ data: '{}', version: 1 });
    expect(calls()).toEqual(['peek', 'peek', 'peek']);
  });

  it('is one load when the cache has nothing, and a peek from then on', async () => {
    const { store, cache, calls } = await setUp();
    await cache.delete!(`nest-sessions:data:${ID}`);
    await store.load(ID);
    await store.load(ID);
    expect(calls()).toEqual(['load', 'peek']);
  });

  it('is a load after the peek when another process has committed, and a peek from then on', async () => {
    const { store, database, calls } = await setUp();
    await database.commit(ID, 1, CHANGE);
    calls();
    expect(await store.load(ID)).toMatchObject({ data: '"new"', version: 2 });
    await store.load(ID);
    expect(calls()).toEqual(['peek', 'load', 'peek']);
  });

  it.each<[string, (store: CachedStore) => Promise<unknown>, string]>([
    ['commit', (s) => s.commit(ID, 1, CHANGE), '"new"'],
    ['touch', (s) => s.touch(ID, 1, CHANGE), '{}'],
    ['rotate', (s) => s.rotate(ID, 'hash', { secretHash: 'x', previousUntil: 9 }), '{}'],
  ])('is the one verb for %s, whose result the next read sees with a peek', async (verb, run, data) => {
    const { store, database, calls } = await setUp();
    await run(store);
    const read = await store.load(ID);
    expect(calls()).toEqual([verb, 'peek']);
    expect(read).toEqual(await database.load(ID));
    expect(read?.data).toBe(data);
  });

  it('is the one verb for replace, whose successor is read with a peek', async () => {
    const { store, calls } = await setUp();
    const successor = sessionRecord('f'.repeat(32), { data: '"successor"' });
    await store.replace(ID, 1, successor);
    expect(await store.load(successor.id)).toEqual(successor);
    expect(await store.load(ID)).toBeUndefined();
    expect(calls()).toEqual(['replace', 'peek', 'load']);
  });

  it('is nothing more than the verb for destroy, findByUser, destroyByUser and clearExpired', async () => {
    const { store, calls } = await setUp();
    expect(await store.findByUser!('user')).toHaveLength(1);
    expect(await store.destroy(ID)).toBe(true);
    expect(await store.destroyByUser!('user')).toBe(0);
    expect(await store.clearExpired()).toBe(0);
    expect(calls()).toEqual(['findByUser', 'destroy', 'destroyByUser', 'clearExpired']);
  });

  it('hands on what the columns of the application are filled from', async () => {
    const { store, database } = await setUp();
    const seen: unknown[] = [];
    for (const verb of ['create', 'commit', 'replace'] as const) {
      const original = database[verb].bind(database) as (...args: unknown[]) => Promise<never>;
      database[verb] = (...args: unknown[]) => (seen.push(args.at(-1)), original(...args));
    }
    const source = { id: ID, userId: null, data: {} };
    await store.create(sessionRecord('e'.repeat(32)), source);
    await store.commit(ID, 1, CHANGE, source);
    await store.replace(ID, 2, sessionRecord('f'.repeat(32)), source);
    expect(seen).toEqual([source, source, source]);
  });
});

describe('a CachedStore', () => {
  it('promises what its database promises, and has its optional verbs', () => {
    const database = memory();
    const store = new CachedStore(database, memoryCache());
    expect(store.capabilities).toBe(database.capabilities);
    expect(store.name).toBe('memory, cached');
    expect(store.commitExclusively).toBeUndefined();
    const simple = memory();
    Object.assign(simple, { findByUser: undefined, destroyByUser: undefined });
    expect(new CachedStore(simple, memoryCache()).findByUser).toBeUndefined();
  });

  it('refuses a database without peek, and says why', () => {
    expect(() => new CachedStore(new MemoryStore(1), memoryCache())).toThrow(
      /cachedStore: the store "memory" has no `peek`\..*Use the store without a cache\./,
    );
  });
});

describe('memoryCache()', () => {
  it('forgets what was least recently used when it is full, and never holds more than its limit', () => {
    const cache = memoryCache({ max: 9 });
    for (const key of ['a', 'b', 'c']) cache.set(key, `${key}${key}${key}`, 1);
    cache.get('a');
    cache.set('d', 'dd', 1);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual(['aaa', undefined, 'ccc', 'dd']);
    cache.set('a', 'aaaa', 1);
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual(['aaaa', undefined, 'ccc', 'dd']);
    cache.set('d', '', 1);
    cache.delete!('c');
    cache.set('e', 'eeeee', 1);
    expect(['a', 'd', 'e'].map((key) => cache.get(key))).toEqual(['aaaa', '', 'eeeee']);
  });

  it('does not keep what is larger than all its room, nor what that was to replace', () => {
    const cache = memoryCache({ max: 3 });
    cache.set('a', 'aaa', 1);
    cache.set('a', 'aaaa', 1);
    expect(cache.get('a')).toBeUndefined();
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses the limit %p', (max) => {
    expect(() => memoryCache({ max })).toThrow(RangeError);
  });
});
