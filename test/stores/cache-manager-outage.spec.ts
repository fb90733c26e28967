import { describe, expect, it } from '@jest/globals';
import KeyvRedis, { createKeyv, createKeyvNonBlocking } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheManagerStore } from 'nest-sessions/cache-manager';
import { PATIENT } from '../support/patience.js';
import {
  canStartRedis,
  describeIf,
  newId,
  newRecord,
  OwnRedis,
  redisClient,
} from '../support/redis-servers.js';

const TIMEOUT = 500;
const change = () => ({ data: '{}', lastSeenAt: Date.now(), expiresAt: Date.now() + 10_000 });

const verbs: Record<string, (store: CacheManagerStore, id: string) => Promise<unknown>> = {
  load: (store, id) => store.load(id),
  create: (store, id) => store.create(newRecord(Date.now(), { id })),
  commit: (store, id) => store.commit(id, 1, change()),
  commitExclusively: (store, id) => store.commitExclusively(id, () => ({ change: change() })),
  replace: (store, id) => store.replace(id, 1, newRecord(Date.now())),
  touch: (store, id) => store.touch(id, 1, change()),
  rotate: (store, id) => store.rotate(id, 'hash', { secretHash: 'new', previousUntil: 0 }),
  destroy: (store, id) => store.destroy(id),
};
const all = (status: string) => Object.fromEntries(Object.keys(verbs).map((verb) => [verb, status]));

/** What every verb does, all at once on one session, and how long that takes. */
async function tryAll(store: CacheManagerStore, id: string) {
  const start = performance.now();
  const results = await Promise.allSettled(Object.values(verbs).map((run) => run(store, id)));
  const outcomes = Object.keys(verbs).map((verb, index) => [verb, results[index]!.status]);
  return { outcomes: Object.fromEntries(outcomes), took: performance.now() - start };
}

/** A store that gives up early, unless all is to go well. */
async function opened(cache: ConstructorParameters<typeof CacheManagerStore>[0], timeout = TIMEOUT) {
  const store = new CacheManagerStore(cache, undefined, timeout);
  await store.open({ now: Date.now, maxDataSize: 1_048_576 });
  return store;
}

describeIf(canStartRedis, 'CacheManagerStore and its server', 'there is no redis-server to start', () => {
  const keyvs: Record<string, (url: string) => Keyv> = {
    'createKeyv()': (url) => createKeyv(url),
    'createKeyv() with a namespace': (url) => createKeyv(url, { namespace: 'sessions' }),
    'createKeyv() with throwOnErrors': (url) => createKeyv(url, { throwOnErrors: true }),
    'createKeyvNonBlocking()': (url) => createKeyvNonBlocking(url),
    'a Keyv over KeyvRedis': (url) => new Keyv(new KeyvRedis(url)),
  };

  describe.each(Object.keys(keyvs))('over %s', (kind) => {
    it('makes every verb fail within its time while the server is gone, and work when it is back', async () => {
      const server = await OwnRedis.start();
      const keyv = keyvs[kind]!(server.url);
      keyv.on('error', () => undefined);
      const adapter = keyv.store as KeyvRedis<unknown>;
      const before = [keyv.throwOnErrors, adapter.throwOnErrors, adapter.namespace];
      try {
        const cache = createCache({ stores: [keyv] });
        const patient = await opened(cache, PATIENT);
        const store = await opened(cache);
        const { id } = newRecord(Date.now());
        expect(await patient.create(newRecord(Date.now(), { id }))).toBe(true);

        await server.kill();
        const { outcomes, took } = await tryAll(store, id);
        expect(outcomes).toEqual(all('rejected'));
        expect(took).toBeLessThan(PATIENT);

        await server.start();
        await (await redisClient(server.url)).close();
        await eventually(() => patient.load(id));
        expect((await tryAll(patient, newId())).outcomes).toEqual(all('fulfilled'));
        // The application's own Keyv is as it was.
        expect([keyv.throwOnErrors, adapter.throwOnErrors, adapter.namespace]).toEqual(before);
      } finally {
        await keyv.disconnect().catch(() => undefined);
        await server.stop();
      }
    });
  });

  it('makes every verb fail within its time while the server hangs', async () => {
    const server = await OwnRedis.start();
    const keyv = createKeyv(server.url);
    const [store, patient] = [await opened(keyv), await opened(keyv, PATIENT)];
    server.freeze();
    const { outcomes, took } = await tryAll(store, newId());
    expect(outcomes).toEqual(all('rejected'));
    expect(took).toBeLessThan(PATIENT);
    server.thaw();
    expect((await tryAll(patient, newId())).outcomes).toEqual(all('fulfilled'));
    await keyv.disconnect();
    await server.stop();
  });

  it('fails the boot when the server is not there', async () => {
    const server = await OwnRedis.start();
    await server.kill();
    const keyv = createKeyv(server.url);
    keyv.on('error', () => undefined);
    await expect(opened(keyv)).rejects.toThrow();
    await keyv.disconnect().catch(() => undefined);
    await server.stop();
  });
});

describe('CacheManagerStore over an adapter that fails', () => {
  /** A map that fails in one method. */
  const failing = (method: string, how: 'throws' | 'rejects') => {
    const map = new Map<string, unknown>();
    const broken = { on: false };
    const fail = () => {
      const error = new Error('storage is away');
      if (how === 'throws') throw error;
      return Promise.reject(error);
    };
    const does =
      (name: string, work: (...args: never[]) => unknown) =>
      (...args: never[]) =>
        broken.on && name === method ? fail() : Promise.resolve(work(...args));
    const adapter = {
      opts: {},
      get: does('get', (key: string) => map.get(key)),
      set: does('set', (key: string, value: unknown) => void map.set(key, value)),
      delete: does('delete', (key: string) => map.delete(key)),
      clear: does('clear', () => map.clear()),
    };
    return { keyv: new Keyv({ store: adapter }), broken };
  };

  it.each([
    ['get', 'throws', 'load'],
    ['get', 'rejects', 'load'],
    ['get', 'rejects', 'destroy'],
    ['set', 'throws', 'commit'],
    ['set', 'rejects', 'commit'],
    ['delete', 'throws', 'destroy'],
    ['delete', 'rejects', 'destroy'],
  ] as const)('whose %s %s makes %s reject, though Keyv says nothing', async (method, how, verb) => {
    const { keyv, broken } = failing(method, how);
    const store = await opened(keyv);
    const record = newRecord(Date.now());
    await store.create(record);
    broken.on = true;
    await expect(verbs[verb]!(store, record.id)).rejects.toThrow('storage is away');
    broken.on = false;
    expect(await store.load(record.id)).toEqual(record);
  });

  it('does not begin after its time what waited for another writer', async () => {
    const written: string[] = [];
    const map = new Map<string, unknown>();
    let hang = false;
    const adapter = {
      opts: {},
      get: async (key: string) => (hang ? new Promise(() => undefined) : map.get(key)),
      set: async (key: string, value: unknown) => {
        written.push(key);
        map.set(key, value);
      },
      delete: async (key: string) => map.delete(key),
      clear: async () => map.clear(),
    };
    const store = new CacheManagerStore(new Keyv({ store: adapter }), undefined, 50);
    const record = newRecord(Date.now());
    await store.create(record);
    written.length = 0;
    hang = true;
    const commits = Array.from({ length: 5 }, () => store.commit(record.id, 1, change()));
    const results = await Promise.allSettled(commits);
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(written).toEqual([]);
    hang = false;
    expect(await store.commit(record.id, 1, change())).toEqual({ outcome: 'committed' });
  });
});

/** Until the client has found its server again. */
async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (const end = performance.now() + PATIENT; performance.now() < end;) {
    const isDone = await work().then(
      () => true,
      () => false,
    );
    if (isDone) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('It never came back.');
}
