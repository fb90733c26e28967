import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createKeyv } from '@keyv/redis';
import { CacheModule } from '@nestjs/cache-manager';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { SessionModule, SessionService, SessionStore, type SessionStoreDefinition } from 'nest-sessions';
import { describeSessionStore } from 'nest-sessions/testing';
import { CacheManagerStore, cacheManagerStore } from 'nest-sessions/cache-manager';
import { PATIENT } from '../support/patience.js';
import {
  describeWithRedis,
  newRecord,
  ownPrefix,
  redisClient,
  redisUrl,
  removeKeys,
  type Client,
} from '../support/redis-servers.js';

const HOUR = 3_600_000;
const userIndex = 'a cache knows no users';

describeSessionStore('CacheManagerStore in memory', () => new CacheManagerStore(createCache()), {
  skip: { userIndex },
  expiredRecords: 100_000,
});

describeWithRedis('CacheManagerStore on Redis', () => {
  const allKeys = ownPrefix();
  const keyv = createKeyv(redisUrl);
  const namespaced = createKeyv(redisUrl, { namespace: allKeys });
  let client: Client;
  let tests = 0;
  let prefix: string;
  let clock: number;

  beforeAll(async () => {
    client = await redisClient();
  });
  beforeEach(() => {
    prefix = `${allKeys}${tests++}:`;
    clock = Date.now();
  });
  afterAll(async () => {
    await removeKeys(client, allKeys);
    await client.close();
    await Promise.all([keyv, namespaced, ...own].map((each) => each.disconnect()));
  });

  /** A connection of its own, as another process has. */
  const own: Keyv[] = [];
  const ownKeyv = () => {
    const another = createKeyv(redisUrl);
    own.push(another);
    return another;
  };

  /** Lets something happen before each write of a Keyv. */
  const hold = ({ store }: Keyv, before: (key: string) => Promise<unknown>) => {
    const adapter = store as { set: (key: string, ...rest: unknown[]) => Promise<unknown> };
    const set = adapter.set.bind(adapter);
    adapter.set = async (key, ...rest) => {
      await before(key);
      return set(key, ...rest);
    };
  };

  const opened = async (cache: ConstructorParameters<typeof CacheManagerStore>[0] = keyv) => {
    const store = new CacheManagerStore(cache, prefix, PATIENT);
    await store.open({ now: () => clock, maxDataSize: 1_048_576 });
    return store;
  };

  const skip = { userIndex, clearExpired: 'Redis drops the entries itself' };
  describeSessionStore(
    'CacheManagerStore on Redis',
    () => new CacheManagerStore(createCache({ stores: [keyv] }), `${allKeys}suite-${tests++}:`, PATIENT),
    { skip },
  );
  describeSessionStore(
    'CacheManagerStore on Redis with a namespace',
    () => new CacheManagerStore(namespaced, `${tests++}:`, PATIENT),
    { skip },
  );

  it('lets Redis drop both entries by itself, whatever the clock', async () => {
    clock = 1_000;
    const store = await opened();
    const record = newRecord(clock, { absoluteExpiresAt: clock + 9 * HOUR });
    await store.create(record);
    const lives = async (kind: string) => client.pTTL(`${prefix}${kind}:${record.id}`);
    expect(await lives('s')).toBeGreaterThan(HOUR);
    expect(await lives('s')).toBeLessThanOrEqual(HOUR + 60_000);
    expect(await lives('l')).toBeGreaterThan(9 * HOUR);
    expect(await lives('l')).toBeLessThanOrEqual(9 * HOUR + 60_000);
    await store.touch(record.id, 1, { lastSeenAt: clock, expiresAt: clock + 5_000 });
    expect(await lives('s')).toBeLessThanOrEqual(65_000);
    expect(await store.clearExpired()).toBe(0);
  });

  it('names its adapter', async () => {
    expect((await opened()).name).toBe('cache-manager (KeyvRedis)');
  });

  it('finds no session in what it cannot read', async () => {
    const store = await opened();
    const record = newRecord(clock);
    await store.create(record);
    for (const text of ['{', '"text"', '{"value":"{"}', '{"value":"null"}', '{"value":"{\\"id\\":1}"}']) {
      await client.set(`${prefix}s:${record.id}`, text);
      expect(await store.load(record.id)).toBeUndefined();
    }
  });

  it('counts on a delete of Keyv: exactly one of many processes ends a session', async () => {
    const keyvs = Array.from({ length: 4 }, ownKeyv);
    const stores = await Promise.all(keyvs.map(opened));
    for (let round = 0; round < 100; round++) {
      const record = newRecord(clock);
      await stores[0]!.create(record);
      const ends = await Promise.all(stores.map((store) => store.destroy(record.id)));
      expect(ends.filter(Boolean)).toHaveLength(1);
    }
    for (let round = 0; round < 100; round++) {
      const record = newRecord(clock);
      await stores[0]!.create(record);
      const successors = stores.map(() => newRecord(clock));
      const results = await Promise.all(
        stores.map((store, index) => store.replace(record.id, 1, successors[index]!)),
      );
      expect(results.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
      const alive = await Promise.all(successors.map(({ id }) => stores[0]!.load(id)));
      expect(alive.map((found) => found !== undefined)).toEqual(
        results.map(({ outcome }) => outcome === 'committed'),
      );
    }
  });

  describe('a commit of one process and a logout in another', () => {
    const change = () => ({ data: '"late"', lastSeenAt: clock, expiresAt: clock + 1000 * HOUR });

    it('leave no session, at whatever moment they meet', async () => {
      const [slow, quick] = [ownKeyv(), ownKeyv()];
      let turns = 0;
      hold(slow, async (key) => {
        for (let turn = 0; turn < turns && key.startsWith(`${prefix}s:`); turn++) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      const [writer, destroyer] = [await opened(slow), await opened(quick)];
      let late = 0;
      for (let round = 0; round < 1500; round++) {
        turns = 0;
        const record = newRecord(clock);
        await writer.create(record);
        turns = round % 30;
        const [{ outcome }, destroyed] = await Promise.all([
          writer.commit(record.id, 1, change()),
          destroyer.destroy(record.id),
        ]);
        if (outcome === 'committed' && (await client.exists(`${prefix}s:${record.id}`))) late++;
        expect(destroyed).toBe(true);
        expect(await writer.load(record.id)).toBeUndefined();
        expect(await destroyer.commit(record.id, 2, change())).toEqual({ outcome: 'gone' });
      }
      // Without the licence these would be sessions.
      expect(late).toBeGreaterThan(0);
    }, 120_000);

    it.each(['commit', 'touch', 'rotate'] as const)(
      'leave no session when %s is held up between reading and writing',
      async (verb) => {
        const destroyer = await opened();
        const record = newRecord(clock);
        await destroyer.create(record);
        const slow = ownKeyv();
        hold(slow, async () => expect(await destroyer.destroy(record.id)).toBe(true));
        const writer = await opened(slow);
        const write = {
          commit: () => writer.commit(record.id, 1, change()),
          touch: () => writer.touch(record.id, 1, change()),
          rotate: () => writer.rotate(record.id, 'hash', { secretHash: 'new', previousUntil: clock }),
        };
        await write[verb]();
        expect(await client.exists(`${prefix}s:${record.id}`)).toBe(1);
        for (const store of [writer, destroyer]) {
          expect(await store.load(record.id)).toBeUndefined();
          expect(await store.destroy(record.id)).toBe(false);
        }
      },
    );
  });

  it.each([
    ['before the old session has ended', 'delete', true],
    ['before the new one is licensed', 'set', false],
  ] as const)('a replace that crashes %s never leaves two', async (_title, method, oldLives) => {
    const store = await opened();
    const [old, successor] = [newRecord(clock), newRecord(clock)];
    await store.create(old);
    const crashing = ownKeyv();
    const adapter = crashing.store as Record<string, (key: string, ...rest: unknown[]) => Promise<unknown>>;
    const original = adapter[method]!.bind(adapter);
    adapter[method] = async (key, ...rest) => {
      if (key.startsWith(`${prefix}l:`)) throw new Error('crashed');
      return original(key, ...rest);
    };
    await expect((await opened(crashing)).replace(old.id, 1, successor)).rejects.toThrow('crashed');
    expect(await store.load(old.id)).toEqual(oldLives ? old : undefined);
    expect(await store.load(successor.id)).toBeUndefined();
  });

  it('keeps an id from nobody for whom a create has failed half way, once it cannot be going on any more', async () => {
    const store = await opened();
    const record = newRecord(clock);
    const crashing = ownKeyv();
    hold(crashing, async (key) => {
      if (key.startsWith(`${prefix}l:`)) throw new Error('crashed');
    });
    await expect((await opened(crashing)).create(record)).rejects.toThrow('crashed');
    expect(await store.load(record.id)).toBeUndefined();
    expect(await store.create(record)).toBe(false);
    clock += PATIENT;
    expect(await store.create(record)).toBe(true);
    expect(await store.load(record.id)).toEqual(record);
  });
});

describe('CacheManagerStore in memory', () => {
  it('frees what has expired, and what is left of sessions that Keyv has dropped', async () => {
    const keyv = new Keyv();
    const store = new CacheManagerStore(keyv);
    let clock = Date.now();
    store.open({ now: () => clock, maxDataSize: 1 });
    const [expired, dropped, alive] = [1, 2, 3].map((hours) =>
      newRecord(clock, { expiresAt: clock + hours * HOUR, absoluteExpiresAt: clock + 9 * HOUR }),
    ) as [ReturnType<typeof newRecord>, ReturnType<typeof newRecord>, ReturnType<typeof newRecord>];
    for (const record of [expired, dropped, alive]) await store.create(record);
    await keyv.set('something else', 1);
    await keyv.delete(`nest-sessions:s:${dropped.id}`);
    clock += HOUR;
    expect(await store.clearExpired()).toBe(2);
    expect((keyv.store as Map<string, unknown>).size).toBe(3);
    expect(await store.load(alive.id)).toEqual(alive);
  });

  it('logs out, and never in again, when the cache evicts one of the entries', async () => {
    for (const kind of ['s', 'l']) {
      const keyv = new Keyv();
      const store = new CacheManagerStore(keyv);
      const record = newRecord(Date.now());
      await store.create(record);
      const entry = `nest-sessions:${kind}:${record.id}`;
      expect(await keyv.delete(entry)).toBe(true);
      expect(await store.load(record.id)).toBeUndefined();
      expect(
        await store.commit(record.id, 1, { data: '', lastSeenAt: 0, expiresAt: Date.now() + 1 }),
      ).toEqual({
        outcome: 'gone',
      });
    }
  });

  it('fails rather than find a session missing when it is given the answer to an earlier question', async () => {
    const keyv = new Keyv();
    const store = new CacheManagerStore(keyv);
    const [own, others] = [newRecord(Date.now()), newRecord(Date.now())];
    for (const record of [own, others]) await store.create(record);
    const adapter = keyv.store as { getMany?: unknown } & Map<string, unknown>;
    const answers: unknown[][] = [];
    adapter.getMany = async (keys: string[]) => {
      answers.push(keys.map((key) => adapter.get(key)));
      return answers.length > 1 ? answers.shift() : answers[0];
    };
    expect(await store.load(others.id)).toEqual(others);
    await expect(store.load(own.id)).rejects.toThrow('an entry of another session');
    expect(await store.load(own.id)).toEqual(own);
    await store.load(others.id).catch(() => undefined);
    await expect(store.destroy(own.id)).rejects.toThrow('an entry of another session');
    expect(await store.destroy(own.id)).toBe(true);
  });

  it.each(['s', 'l'])('finds no session where the entry "%s" is another\'s for good', async (kind) => {
    const keyv = new Keyv();
    const store = new CacheManagerStore(keyv);
    const [own, others] = [newRecord(Date.now()), newRecord(Date.now())];
    for (const record of [own, others]) await store.create(record);
    await keyv.set(`nest-sessions:${kind}:${own.id}`, await keyv.get(`nest-sessions:${kind}:${others.id}`));
    expect(await store.load(own.id)).toBeUndefined();
    expect(await store.load(others.id)).toEqual(others);
  });

  it('has ended a session when destroy is done, also in a cache that does not wait for its writes', async () => {
    const cache = createCache({ nonBlocking: true });
    const store = new CacheManagerStore(cache);
    const record = newRecord(Date.now());
    await store.create(record);
    expect(await store.destroy(record.id)).toBe(true);
    expect((cache.stores[0]!.store as Map<string, unknown>).size).toBe(0);
  });
});

describe('cacheManagerStore()', () => {
  const imported = (...imports: DynamicModule[]) => imports;
  const boot = async (imports: DynamicModule[], store: SessionStoreDefinition) => {
    @Module({ imports: [...imports, SessionModule.forRoot({ store })] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const kept = app.get(SessionStore, { strict: false });
    expect(app.get(SessionService)).toBeDefined();
    await app.close();
    return kept;
  };

  it('takes the cache of the global CacheModule', async () => {
    const store = await boot(imported(CacheModule.register({ isGlobal: true })), cacheManagerStore());
    expect(store.name).toBe('cache-manager (memory)');
    expect(store.capabilities).toEqual({ atomicCommit: 'this-process', userIndex: false, revocable: true });
  });

  it('takes a cache or a Keyv', async () => {
    for (const cache of [createCache(), new Keyv()]) {
      expect((await boot([], cacheManagerStore({ cache }))).name).toBe('cache-manager (memory)');
    }
  });

  it('says what to import when there is no cache', async () => {
    await expect(boot([], cacheManagerStore())).rejects.toThrow(
      'import CacheModule.register({ isGlobal: true, stores: [...] }) from @nestjs/cache-manager',
    );
  });

  it('says that the CacheModule has to be global', async () => {
    await expect(boot(imported(CacheModule.register()), cacheManagerStore())).rejects.toThrow(
      'is not global',
    );
  });

  it('refuses several stores at boot', async () => {
    const stores = [new Keyv(), new Keyv()];
    const module = CacheModule.register({ isGlobal: true, stores });
    await expect(boot(imported(module), cacheManagerStore())).rejects.toThrow('has 2 stores');
    expect(() => cacheManagerStore({ cache: createCache({ stores }) })).toThrow('has 2 stores');
  });

  it('refuses a Cacheable, which keeps copies in the process', () => {
    const cacheable = { primary: new Keyv(), secondary: new Keyv(), nonBlocking: true } as never;
    expect(() => cacheManagerStore({ cache: cacheable })).toThrow('is a Cacheable');
    expect(() => cacheManagerStore({ cache: { stores: [cacheable] } })).toThrow('is a Cacheable');
  });

  it.each([
    ['a cache that is none', { cache: {} }, '`cache` must be'],
    ['an unknown option', { ttl: 1 }, 'unknown option `ttl`'],
    ['a prefix that is no text', { cache: new Keyv(), prefix: 1 }, '`prefix` must be a string'],
    ['a timeout of 0', { cache: new Keyv(), timeout: 0 }, 'greater than 0, got 0'],
  ])('refuses %s', (_title, options, message) => {
    expect(() => cacheManagerStore(options as never)).toThrow(TypeError);
    expect(() => cacheManagerStore(options as never)).toThrow(message);
  });
});
