import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSessionStore } from 'nest-sessions/testing';
import { createClient } from 'redis';
import type { DataSourceOptions } from 'typeorm';
import { ExpressSessionStore, expressSessionStore } from 'nest-sessions/express-session';
import type { ExpressSessionStoreLike } from 'nest-sessions/express-session';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { describeWithRedis, redisUrl } from '../support/redis-servers.js';
import { sessionRecord } from '../support/session-table.js';

// These packages come without types.
const require = createRequire(import.meta.url);
type MakeStore = (options: object) => ExpressSessionStoreLike & { close(): Promise<void> };
const { Pool } = require('pg') as { Pool: new (options: object) => { end(): Promise<void> } };
const pgStore = require('connect-pg-simple')(session) as new (options: object) => ReturnType<MakeStore>;
const fileStore = require('session-file-store')(session) as new (options: object) => ReturnType<MakeStore>;

const userIndex = 'express-session stores cannot be asked for the sessions of a user';
const ownExpiry = {
  userIndex,
  clearExpired: 'the store drops what has expired by itself, and cannot be listed',
};
const newId = () => randomBytes(16).toString('hex');
const inReal = (ms: number) => Date.now() + ms;

async function opened(store: ExpressSessionStoreLike, options?: { sweep: boolean }) {
  const adapter = new ExpressSessionStore(store, options);
  adapter.open({ now: Date.now, maxDataSize: 1_048_576 });
  return adapter;
}

describeSessionStore(
  'ExpressSessionStore over the MemoryStore of express-session',
  () => new ExpressSessionStore(new session.MemoryStore(), { sweep: true }),
  { skip: { userIndex } },
);

describeWithRedis('ExpressSessionStore over connect-redis', () => {
  const client = createClient({ url: redisUrl });
  const prefix = `test-${randomBytes(6).toString('hex')}:`;
  const stores: RedisStore[] = [];
  const make = () => {
    // Each test lists the store, and must see its own sessions only.
    const store = new RedisStore({ client, prefix: `${prefix}${newId()}:` });
    stores.push(store);
    return store;
  };

  beforeAll(async () => void (await client.connect()));

  afterAll(async () => {
    for (const store of stores) await store.clear();
    client.destroy();
  });

  describeSessionStore('connect-redis', () => new ExpressSessionStore(make(), { sweep: true }), {
    skip: { userIndex },
  });

  it('has Redis keep a session for its life and a minute more, and moves that with every touch', async () => {
    const redis = make();
    const store = await opened(redis);
    const id = newId();
    const life = () => client.ttl(`${redis.prefix}${id}`);
    const isAbout = async (seconds: number) => {
      const ttl = await life();
      expect(ttl).toBeGreaterThan(seconds - 10);
      expect(ttl).toBeLessThanOrEqual(seconds);
    };
    await store.create(sessionRecord(id, { expiresAt: inReal(100_000) }));
    await isAbout(160);
    await store.touch(id, 1, { lastSeenAt: 1, expiresAt: inReal(500_000) });
    await isAbout(560);
    await store.commit(id, 1, { data: '""', lastSeenAt: 1, expiresAt: inReal(1_000) });
    await isAbout(61);
  });

  it('takes a session that cannot be parsed for none, and one of express-session too', async () => {
    const redis = make();
    const store = await opened(redis);
    const [broken, foreign] = [newId(), newId()];
    await client.set(`${redis.prefix}${broken}`, '{"cookie":');
    await redis.set(foreign, { cookie: { originalMaxAge: null }, userId: 'mallory' } as never);
    expect(await store.load(broken)).toBeUndefined();
    expect(await store.load(foreign)).toBeUndefined();
  });

  it('fails while Redis is away, and calls nothing absent', async () => {
    const away = createClient({ url: 'redis://127.0.0.1:1', disableOfflineQueue: true });
    const store = await opened(new RedisStore({ client: away }));
    await expect(store.load(newId())).rejects.toThrow('The client is');
    await expect(store.destroy(newId())).rejects.toThrow('The client is');
  });
});

describeEachDatabase(
  'ExpressSessionStore over connect-pg-simple',
  (database) => {
    let scratch: ScratchDatabase;
    let pool: { end(): Promise<void> };

    beforeAll(async () => {
      scratch = await database.create();
      pool = new Pool({ ...scratch.options, user: (scratch.options as { username?: string }).username });
    });

    afterAll(async () => {
      await pool?.end();
      await scratch?.drop();
    });

    const tableName = `express_${randomBytes(6).toString('hex')}`;
    const make = () =>
      new pgStore({ pool, tableName, createTableIfMissing: true, pruneSessionInterval: false });

    describeSessionStore('connect-pg-simple', () => new ExpressSessionStore(make()), { skip: ownExpiry });

    it('fails while the database is away, and calls nothing absent', async () => {
      const options: DataSourceOptions & { port?: number } = scratch.options;
      const away = new Pool({ ...options, port: 1, host: '127.0.0.1' });
      const store = await opened(new pgStore({ pool: away, pruneSessionInterval: false }));
      await expect(store.load(newId())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await away.end();
    });
  },
  ({ type }) => type === 'postgres',
);

describe('ExpressSessionStore over session-file-store', () => {
  let path: string;

  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  });

  afterAll(() => rm(path, { recursive: true, force: true }));

  const make = (options: object = {}) =>
    new fileStore({ path, retries: 0, reapInterval: -1, logFn: () => undefined, ...options });

  describeSessionStore('session-file-store', () => new ExpressSessionStore(make()), { skip: ownExpiry });

  it('takes an id that is unknown after all retries for absent, not for an outage', async () => {
    let retries = 0;
    const store = await opened(make({ retries: 2, minTimeout: 1, maxTimeout: 1, logFn: () => retries++ }));
    expect(await store.load(newId())).toBeUndefined();
    expect(await store.destroy(newId())).toBe(false);
    expect(retries).toBe(4);
  });

  it('takes a file that is cut off for absent', async () => {
    const store = await opened(make());
    const id = newId();
    await writeFile(join(path, `${id}.json`), '{"cookie":{"orig');
    expect(await store.load(id)).toBeUndefined();
  });
});

describe('expressSessionStore()', () => {
  it('makes a store of any express-session store, named after it, with its limits declared', () => {
    const definition = expressSessionStore(new session.MemoryStore());
    const store = (definition as { useFactory: () => ExpressSessionStore }).useFactory();
    expect(store.name).toBe('express-session (MemoryStore)');
    expect(store.capabilities).toEqual({ atomicCommit: 'this-process', userIndex: false, revocable: true });
    expect('findByUser' in store).toBe(false);
  });

  it.each<[string, unknown, unknown, string]>([
    ['nothing', undefined, {}, 'this one has no get, set, destroy'],
    ['the middleware', session({ secret: 'x', resave: false, saveUninitialized: false }), {}, 'has no get'],
    ['an unknown option', new session.MemoryStore(), { ttl: 1 }, 'unknown option ttl'],
    [
      'sweep for a store without all',
      { get: () => 1, set: () => 1, destroy: () => 1 },
      { sweep: true },
      '`sweep` needs a store with `all`',
    ],
  ])('refuses %s', (_what, store, options, message) => {
    expect(() => expressSessionStore(store as never, options as never)).toThrow(TypeError);
    expect(() => expressSessionStore(store as never, options as never)).toThrow(message);
  });
});
