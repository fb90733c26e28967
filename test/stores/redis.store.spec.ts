import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { RedisStore, redisStore, type RedisStoreClient } from 'nest-sessions/redis';
import { createEach } from '../../lib/testing/create-each.js';
import { scripts } from '../../lib/stores/redis/redis.scripts.js';
import { PATIENT } from '../support/patience.js';
import {
  describeWithRedis,
  keysOf,
  newId,
  newRecord,
  ownPrefix,
  redisClient,
  redisUrl,
  removeKeys,
  type Client,
} from '../support/redis-servers.js';

const HOUR = 3_600_000;

const nameOf = (sha: string) =>
  Object.entries(scripts).find(([, script]) => script.sha === sha)?.[0] ?? 'unknown';

/** The client, with all that the store asks of it written down, and a place to come in between. */
function watched(client: Client) {
  const asked: string[] = [];
  const between: { before?: (name: string) => unknown; after?: (name: string) => unknown } = {};
  const watching: RedisStoreClient = {
    isOpen: true,
    evalSha: async (sha, call) => {
      const name = nameOf(sha);
      await between.before?.(name);
      asked.push(name);
      const reply = await client.evalSha(sha, call);
      await between.after?.(name);
      return reply;
    },
    eval: async (text, call) => {
      asked.push('eval');
      return client.eval(text, call);
    },
  };
  const since = async (work: () => Promise<unknown>) => {
    asked.length = 0;
    await work();
    return [...asked];
  };
  return { watching, between, since };
}

describeWithRedis('RedisStore', () => {
  const allKeys = ownPrefix();
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
  });

  const opened = async (over: RedisStoreClient = client, timeout = PATIENT) => {
    const store = new RedisStore(over, prefix, timeout);
    await store.open({ now: () => clock, maxDataSize: 1_048_576 });
    return store;
  };
  const change = (fields = {}) => ({ data: '{}', lastSeenAt: clock, expiresAt: clock + HOUR, ...fields });

  describeSessionStore('RedisStore', () => new RedisStore(client, `${allKeys}suite-${tests++}:`, PATIENT), {
    expiredRecords: 100_000,
    // The client sends what is asked in one turn together.
    seed: (store, records) => createEach(store, records, 1_000),
  });

  describe('what it asks of Redis', () => {
    it.each([
      ['load', 1, ['load']],
      ['commit', 1, ['commit']],
      ['a commit that meets another', 1, ['commit']],
      ['touch', 1, ['touch']],
      ['rotate', 1, ['rotate']],
      ['destroy', 1, ['destroy']],
      ['replace', 1, ['replace']],
      ['create', 0, ['create']],
    ])('is one script for %s', async (verb, created, expected) => {
      const { watching, since } = watched(client);
      const store = await opened(watching);
      const record = newRecord(clock);
      if (created) await store.create(record);
      // Whatever the server did not know yet, it knows by now.
      await store.load(newId());
      const run: Record<string, () => Promise<unknown>> = {
        load: () => store.load(record.id),
        commit: () => store.commit(record.id, 1, change()),
        'a commit that meets another': async () => {
          expect(await store.commit(record.id, 7, change())).toEqual({ outcome: 'conflict', fresh: record });
        },
        touch: () => store.touch(record.id, 1, change()),
        rotate: () => store.rotate(record.id, 'hash', { secretHash: 'new', previousUntil: clock }),
        destroy: () => store.destroy(record.id),
        replace: () => store.replace(record.id, 1, newRecord(clock)),
        create: () => store.create(record),
      };
      expect((await since(run[verb]!)).filter((name) => name !== 'eval')).toEqual(expected);
    });

    it('is one script more for each user whose list changes', async () => {
      const { watching, since } = watched(client);
      const store = await opened(watching);
      const record = newRecord(clock, { userId: 'user' });
      const successor = newRecord(clock, { userId: 'user' });
      const asked = {
        create: await since(() => store.create(record)),
        commit: await since(() => store.commit(record.id, 1, change())),
        touch: await since(() => store.touch(record.id, 2, change())),
        replace: await since(() => store.replace(record.id, 2, successor)),
        findByUser: await since(() => store.findByUser('user')),
        destroy: await since(() => store.destroy(successor.id)),
      };
      const scriptsOnly = Object.fromEntries(
        Object.entries(asked).map(([verb, names]) => [verb, names.filter((name) => name !== 'eval')]),
      );
      expect(scriptsOnly).toEqual({
        create: ['list', 'create'],
        commit: ['commit'],
        touch: ['touch'],
        replace: ['list', 'replace', 'unlist'],
        findByUser: ['listed', 'load'],
        destroy: ['destroy', 'unlist'],
      });
    });

    it.each([2, 3] as const)('is understood in RESP %i, and by a client that gives buffers', async (RESP) => {
      const plain = createClient({ url: redisUrl, RESP });
      const buffers = createClient({ url: redisUrl, RESP, commandOptions: { typeMapping: { 36: Buffer } } });
      for (const over of [plain, buffers]) {
        await over.connect();
        const store = await opened(over);
        const record = newRecord(clock, { ip: '', data: 'é', userId: 'user' });
        expect(await store.create(record)).toBe(true);
        expect(await store.load(record.id)).toEqual(record);
        expect(await store.commit(record.id, 2, change())).toEqual({ outcome: 'conflict', fresh: record });
        expect(await store.findByUser('user')).toEqual([record]);
        expect(await store.destroyByUser('user')).toBe(1);
        await over.close();
      }
    });
  });

  describe('the time to live in Redis', () => {
    it.each([
      ['long ago', 1_000],
      ['far in the future', 4_000_000_000_000],
    ])('is a duration: a clock that is set to %s changes nothing', async (_title, now) => {
      clock = now;
      const store = await opened();
      const record = newRecord(clock, { userId: 'user' });
      await store.create(record);
      const lives = async () => client.pTTL(`${prefix}s:${record.id}`);
      expect(await lives()).toBeGreaterThan(HOUR);
      expect(await lives()).toBeLessThanOrEqual(HOUR + 60_000);
      await store.touch(record.id, 1, { lastSeenAt: clock, expiresAt: clock + 5_000 });
      expect(await lives()).toBeGreaterThan(5_000);
      expect(await lives()).toBeLessThanOrEqual(65_000);
      expect(await store.findByUser('user')).toHaveLength(1);
    });

    it('is set on every key', async () => {
      const store = await opened();
      const record = newRecord(clock, { userId: 'user', absoluteExpiresAt: clock + 9 * HOUR });
      await store.create(record);
      await store.commit(record.id, 1, change());
      await store.replace(record.id, 2, newRecord(clock, { userId: 'user' }));
      const keys = await keysOf(client, prefix);
      expect(keys).toHaveLength(2);
      for (const key of keys) expect(await client.pTTL(key)).toBeGreaterThan(0);
    });
  });

  describe('the list of a user', () => {
    const listed = () => client.zCard(`${prefix}u:user`);

    it('is written before the record, so that a crash in between leaves a hint and no unlisted session', async () => {
      const { watching, between } = watched(client);
      const store = await opened(watching);
      between.before = (name) => {
        if (name === 'create') throw new Error('crashed');
      };
      await expect(store.create(newRecord(clock, { userId: 'user' }))).rejects.toThrow('crashed');
      expect(await listed()).toBe(1);
      expect(await store.findByUser('user')).toEqual([]);
    });

    it('loses what has expired when the next session comes, and what is destroyed at once', async () => {
      const store = await opened();
      for (let index = 0; index < 20; index++) await store.create(newRecord(clock, { userId: 'user' }));
      clock += 3 * HOUR;
      const record = newRecord(clock, { userId: 'user' });
      await store.create(record);
      expect(await listed()).toBe(1);
      await store.destroy(record.id);
      expect(await listed()).toBe(0);
    });

    it('expires with the last session that it lists', async () => {
      const store = await opened();
      await store.create(newRecord(clock, { userId: 'user', expiresAt: clock + 10 * HOUR }));
      await store.create(newRecord(clock, { userId: 'user' }));
      const ttl = await client.pTTL(`${prefix}u:user`);
      expect(ttl).toBeGreaterThan(10 * HOUR);
      expect(ttl).toBeLessThanOrEqual(20 * HOUR + 120_000);
    });

    it.each([
      ['touches', (store: RedisStore, id: string) => store.touch(id, 1, change())],
      [
        'commits',
        async (store: RedisStore, id: string) => {
          const { version } = (await store.load(id))!;
          return (await store.commit(id, version, change())).outcome === 'committed';
        },
      ],
    ])(
      'still lists a session that %s have kept alive long beyond its first expiry',
      async (_title, prolong) => {
        const { watching, since } = watched(client);
        const store = await opened(watching);
        const { id } = newRecord(clock, { userId: 'user' });
        await store.create(newRecord(clock, { id, userId: 'user' }));
        let lists = 0;
        for (let step = 0; step < 20; step++) {
          clock += HOUR / 2;
          const asked = await since(async () => expect(await prolong(store, id)).toBe(true));
          lists += asked.filter((name) => name === 'list').length;
          // Another session makes room in the list.
          await store.create(newRecord(clock, { userId: 'user', expiresAt: clock + 1 }));
          expect((await store.findByUser('user')).map((record) => record.id)).toContain(id);
          const score = await client.zScore(`${prefix}u:user`, id);
          expect(score).toBeGreaterThanOrEqual(clock + HOUR);
          expect(await client.pTTL(`${prefix}u:user`)).toBeGreaterThanOrEqual(HOUR);
        }
        expect(lists).toBeGreaterThan(0);
        expect(lists).toBeLessThanOrEqual(10);
      },
    );

    it('is written before a commit that would outlive it, so that a crash leaves the session as it was', async () => {
      const { watching, between } = watched(client);
      const store = await opened(watching);
      const record = newRecord(clock, { userId: 'user' });
      await store.create(record);
      between.before = (name) => {
        if (name === 'list') throw new Error('crashed');
      };
      const longer = change({ data: '"longer"', expiresAt: clock + 100 * HOUR });
      await expect(store.commit(record.id, 1, longer)).rejects.toThrow('crashed');
      expect(await store.load(record.id)).toEqual(record);
      delete between.before;
      expect(await store.commit(record.id, 1, longer)).toEqual({ outcome: 'committed' });
      clock += 99 * HOUR;
      expect(await store.findByUser('user')).toHaveLength(1);
    });

    it('does not list a session longer than that may live', async () => {
      const store = await opened();
      const absoluteExpiresAt = clock + HOUR + 1;
      const { id } = newRecord(clock);
      await store.create(newRecord(clock, { id, userId: 'user', absoluteExpiresAt }));
      expect(await client.zScore(`${prefix}u:user`, id)).toBe(absoluteExpiresAt + 60_000);
    });

    it('lets destroyByUser find the session that replaces one meanwhile', async () => {
      const { watching, between } = watched(client);
      const [destroyer, other] = [await opened(watching), await opened()];
      const old = newRecord(clock, { userId: 'user' });
      const successor = newRecord(clock, { userId: 'user' });
      await other.create(old);
      between.after = async (name) => {
        if (name !== 'listed') return;
        delete between.after;
        expect(await other.replace(old.id, 1, successor)).toEqual({ outcome: 'committed' });
      };
      expect(await destroyer.destroyByUser('user')).toBe(1);
      expect(await other.load(successor.id)).toBeUndefined();
    });

    it('never forgets a session whose record is about to be written', async () => {
      const { watching, between } = watched(client);
      const [creator, other] = [await opened(watching), await opened()];
      const record = newRecord(clock, { userId: 'user' });
      between.before = async (name) => {
        if (name !== 'create') return;
        expect(await other.destroyByUser('user')).toBe(0);
        expect(await other.findByUser('user')).toEqual([]);
      };
      expect(await creator.create(record)).toBe(true);
      expect(await other.findByUser('user')).toEqual([record]);
    });

    it('takes ten thousand sessions', async () => {
      const store = await opened();
      await client.zAdd(
        `${prefix}u:user`,
        Array.from({ length: 10_000 }, () => ({ score: clock + HOUR, value: newId() })),
      );
      const record = newRecord(clock, { userId: 'user' });
      await store.create(record);
      expect(await store.findByUser('user')).toEqual([record]);
      expect(await store.destroyByUser('user')).toBe(1);
    });
  });

  it('loses nothing of what four stores, each over a connection of its own, write at once', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => redisClient()));
    const stores = await Promise.all(clients.map((own) => opened(own)));
    const record = newRecord(clock, { userId: 'user' });
    await stores[0]!.create(record);
    const write = async (store: RedisStore, key: string) => {
      for (;;) {
        const { data, version } = (await store.load(record.id))!;
        const next = JSON.stringify({ ...(JSON.parse(data) as object), [key]: 1 });
        if ((await store.commit(record.id, version, change({ data: next }))).outcome === 'committed') return;
      }
    };
    const writers = stores.flatMap((store, index) =>
      Array.from({ length: 15 }, (_, writer) => write(store, `${index}-${writer}`)),
    );
    await Promise.all(writers);
    const { data, version } = (await stores[0]!.load(record.id))!;
    expect(Object.keys(JSON.parse(data) as object)).toHaveLength(60);
    expect(version).toBe(61);
    await Promise.all(clients.map((own) => own.close()));
  });

  it('finds no session in a hash that has lost fields', async () => {
    const store = await opened();
    const record = newRecord(clock);
    await store.create(record);
    await client.hDel(`${prefix}s:${record.id}`, 'secretHash');
    expect(await store.load(record.id)).toBeUndefined();
    await client.hSet(`${prefix}s:${record.id}`, 'expiresAt', 'soon');
    expect(await store.load(record.id)).toBeUndefined();
    expect(await store.commit(record.id, 1, change())).toEqual({ outcome: 'gone' });
    expect(await store.clearExpired()).toBe(1);
  });

  it('takes no answer to another command for its own', async () => {
    const { watching } = watched(client);
    const store = await opened(watching);
    const [own, others] = [newRecord(clock), newRecord(clock)];
    for (const record of [own, others]) await store.create(record);
    const { evalSha } = watching;
    let earlier = await client.evalSha(scripts.load.sha, {
      keys: [`${prefix}s:${others.id}`],
      arguments: [String(clock), '0'],
    });
    watching.evalSha = async (sha, call) => {
      const answer = earlier;
      earlier = (await evalSha(sha, call)) as typeof earlier;
      return answer;
    };
    const verbs = [
      () => store.load(own.id),
      () => store.commit(own.id, 1, change()),
      () => store.touch(own.id, 2, change()),
      () => store.destroy(own.id),
    ];
    for (const verb of verbs) await expect(verb()).rejects.toThrow('the answer to another command');
    watching.evalSha = evalSha;
    expect(await store.load(own.id)).toBeUndefined();
    expect(await store.load(others.id)).toEqual(others);
  });

  it('clears only under its own prefix, whatever letters that has', async () => {
    prefix = `${prefix}[a*?]\\`;
    const store = await opened();
    await store.create(newRecord(clock));
    const other = new RedisStore(client, prefix.replace('*', 'x'));
    await other.open({ now: () => clock, maxDataSize: 1 });
    await other.create(newRecord(clock));
    clock += HOUR;
    expect(await store.clearExpired()).toBe(1);
    expect(await other.clearExpired()).toBe(1);
  });

  it('fails the boot when the client is not connected', async () => {
    const unconnected = createClient({ url: redisUrl });
    await expect(opened(unconnected)).rejects.toThrow('await client.connect() before the application starts');
  });
});

describe('redisStore()', () => {
  const clients = {
    'a client': () => redisStore({ client: createClient() }),
    'a pool': () => redisStore({ client: createClientPool() }),
    'a cluster': () => redisStore({ client: createCluster({ rootNodes: [] }) }),
    'a sentinel': () => redisStore({ client: createSentinel({ name: 'm', sentinelRootNodes: [] }) }),
    'a client with modules': () => redisStore({ client: createClient({ RESP: 2 }), prefix: 'p:' }),
  };
  it.each(Object.keys(clients) as (keyof typeof clients)[])('takes %s', (kind) => {
    const { useFactory } = clients[kind]() as unknown as { useFactory: () => RedisStore };
    expect(useFactory()).toBeInstanceOf(RedisStore);
  });

  it('names a cluster', () => {
    expect(new RedisStore(createClient()).name).toBe('redis');
    expect(new RedisStore(createCluster({ rootNodes: [] })).name).toBe('redis (cluster)');
  });

  it.each([
    ['no options', undefined, '`client` must be'],
    ['no client', {}, '`client` must be'],
    ['another library', { client: { call: () => undefined } }, 'node-redis 5 or later'],
    ['an unknown option', { client: createClient(), ttl: 1 }, 'unknown option `ttl`'],
    ['a prefix that is no text', { client: createClient(), prefix: 1 }, '`prefix` must be a string'],
    ['a timeout of 0', { client: createClient(), timeout: 0 }, 'greater than 0, got 0'],
  ])('refuses %s', (_title, options, message) => {
    expect(() => redisStore(options as never)).toThrow(TypeError);
    expect(() => redisStore(options as never)).toThrow(message);
  });
});
