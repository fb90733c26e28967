import { afterEach, describe, expect, it } from '@jest/globals';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { Global, Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { Keyv } from 'keyv';
import { SessionModule, SessionStore } from 'nest-sessions';
import type { SessionStoreOption } from 'nest-sessions';
import { cachedStore } from '../../lib/stores/cached/cached.store.definition.js';
import type { CachedStoreOptions } from '../../lib/stores/cached/cached.store.definition.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import { peeking } from '../support/peeking.store.js';
import { sessionRecord } from '../support/session-table.js';

const ID = '0123456789abcdef0123456789abcdef';
const LIMIT = Symbol('limit');
const memory = (limit = 10) => peeking(new MemoryStore(limit));

@Injectable()
class StoreOfClass extends MemoryStore {
  constructor(@Inject(LIMIT) limit: number) {
    super(limit);
    peeking(this);
  }
}

@Module({ providers: [{ provide: LIMIT, useValue: 7 }], exports: [LIMIT] })
class LimitModule {}

@Global()
@Module({ providers: [{ provide: LIMIT, useValue: 5 }], exports: [LIMIT] })
class GlobalLimitModule {}

/** A cache whose use can be seen. */
function visible() {
  const keys: string[] = [];
  const values = memoryCache();
  const cache = {
    get: (key: string) => values.get(key),
    set: (key: string, value: string, ttl: number) => (keys.push(key), values.set(key, value, ttl)),
    delete: (key: string) => values.delete!(key),
  };
  return { cache, keys };
}

describe('cachedStore()', () => {
  let app: TestingModule | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function boot(store: SessionStoreOption, imports: unknown[] = []): Promise<SessionStore> {
    const root = { imports: [...imports, SessionModule.forRoot({ store })] as never[] };
    app = await Test.createTestingModule(root).compile();
    await app.init();
    return app.get(SessionStore, { strict: false });
  }

  const forms: [string, CachedStoreOptions['database'], unknown[]][] = [
    ['a store', memory(), []],
    ['useValue', { useValue: memory() }, []],
    ['a factory', { useFactory: () => memory() }, []],
    ['a factory that takes its time', { useFactory: async () => memory() }, []],
    [
      'a factory with what it needs of its own modules',
      { imports: [LimitModule], inject: [LIMIT], useFactory: (limit: number) => memory(limit) },
      [],
    ],
    [
      'a factory with something that may be missing',
      {
        inject: [{ token: 'nowhere', optional: true }, LIMIT],
        useFactory: (nowhere: unknown, limit: number) => {
          expect(nowhere).toBeUndefined();
          return memory(limit);
        },
      },
      [GlobalLimitModule],
    ],
    ['a class', StoreOfClass, [GlobalLimitModule]],
    ['useClass', { imports: [LimitModule], useClass: StoreOfClass }, []],
  ];

  it.each(forms)('takes for its database %s', async (_form, database, imports) => {
    const { cache, keys } = visible();
    const store = await boot(cachedStore({ database, cache }), imports);
    expect(store.name).toBe('memory, cached');
    const record = sessionRecord(ID, { expiresAt: Date.now() + 60_000 });
    expect(await store.create(record)).toBe(true);
    expect(await store.load(ID)).toEqual(record);
    expect(keys).toEqual([`nest-sessions:data:${ID}`]);
  });

  it('takes a provider of the application for its database', async () => {
    const shared = memory();
    @Global()
    @Module({ providers: [{ provide: 'SHARED', useValue: shared }], exports: ['SHARED'] })
    class SharedModule {}
    const store = await boot(cachedStore({ database: { useExisting: 'SHARED' } }), [SharedModule]);
    const record = sessionRecord(ID, { expiresAt: Date.now() + 60_000 });
    await store.create(record);
    expect(await shared.load(ID)).toEqual(record);
  });

  it('keeps the data in a Keyv, and in the cache-manager of the application', async () => {
    const keyv = new Keyv();
    const record = sessionRecord(ID, { expiresAt: Date.now() + 60_000 });
    const caches: CachedStoreOptions['cache'][] = [
      keyv,
      { imports: [CacheModule.register({ stores: [keyv] })], useExisting: CACHE_MANAGER },
    ];
    for (const cache of caches) {
      const store = await boot(cachedStore({ database: memory(), cache }));
      await store.create(record);
      await store.close!();
      expect(await keyv.get(`nest-sessions:data:${ID}`)).toMatch(/^[0-9a-f]{32}:1:[0-9a-f]+:\{\}$/);
      await store.destroy(ID);
      await store.close!();
      expect(await keyv.get(`nest-sessions:data:${ID}`)).toBeUndefined();
      await app!.close();
    }
  });

  it('finds a cache among the imports of forRootAsync, as a store of its own would', async () => {
    const { cache, keys } = visible();
    @Module({ providers: [{ provide: 'CACHE', useValue: cache }], exports: ['CACHE'] })
    class HiddenModule {}
    const sessions = SessionModule.forRootAsync({
      imports: [HiddenModule],
      store: cachedStore({ database: memory(), cache: { useExisting: 'CACHE' } }),
      useFactory: () => ({}),
    });
    app = await Test.createTestingModule({ imports: [sessions as never] }).compile();
    await app.init();
    await app
      .get(SessionStore, { strict: false })
      .create(sessionRecord(ID, { expiresAt: Date.now() + 60_000 }));
    expect(keys).toHaveLength(1);
  });

  it('opens the database with the clock of the module, and makes each application a cache of its own', async () => {
    const definition = cachedStore({ database: { useFactory: () => memory() } });
    app = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ store: definition, now: () => 500 }) as never],
    }).compile();
    await app.init();
    const store = app.get(SessionStore, { strict: false });
    await store.create(sessionRecord(ID, { expiresAt: 501 }));
    expect(await store.load(ID)).toBeDefined();
    await store.create(sessionRecord('f'.repeat(32), { expiresAt: 500 }));
    expect(await store.load('f'.repeat(32))).toBeUndefined();
  });

  it('fails the boot when the database has no peek', async () => {
    await expect(boot(cachedStore({ database: new MemoryStore(1) }))).rejects.toThrow('has no `peek`');
  });

  it('fails the boot when what Nest finds for a cache is none', async () => {
    const cache = { useValue: {} } as never;
    await expect(boot(cachedStore({ database: memory(), cache }))).rejects.toThrow(
      '`cache` must have get, set',
    );
  });

  it.each<[string, unknown, string]>([
    ['no database', {}, '`database` must be'],
    ['a database that is none', { database: { useless: true } }, '`database` must be'],
    ['a cache that is none', { database: memory(), cache: { get: () => 1 } }, '`cache` must have get, set'],
    [
      'a cache without delete',
      { database: memory(), cache: { get: () => 1, set: () => 1 } },
      '`cache` must have',
    ],
    ['null for a cache', { database: memory(), cache: null }, '`cache` must have get, set'],
    ['an unknown option', { database: memory(), store: 1 }, 'unknown option store'],
  ])('refuses %s', (_what, options, message) => {
    expect(() => cachedStore(options as CachedStoreOptions)).toThrow(TypeError);
    expect(() => cachedStore(options as CachedStoreOptions)).toThrow(message);
  });
});
