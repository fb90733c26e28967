import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { RedisStore, type RedisStoreClient } from 'nest-sessions/redis';
import { scripts } from '../../lib/stores/redis/redis.scripts.js';
import { PATIENT } from '../support/patience.js';
import { canStartRedis, describeIf, newRecord, redisClient } from '../support/redis-servers.js';
import { RedisCluster, type ClusterClient } from '../support/redis-cluster.js';

describeIf(canStartRedis, 'RedisStore on a cluster of three', 'there is no redis-server to start', () => {
  let cluster: RedisCluster;
  let client: ClusterClient;
  let tests = 0;
  let prefix: string;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
    client = await cluster.client();
  });
  beforeEach(() => {
    prefix = `${tests++}:`;
  });
  afterAll(async () => {
    client?.destroy();
    await cluster?.stop();
  });

  const clock = Date.now();
  const opened = async (over: RedisStoreClient = client) => {
    const store = new RedisStore(over, prefix, PATIENT);
    await store.open({ now: () => clock, maxDataSize: 1_048_576 });
    return store;
  };

  /** The cluster, with something that happens before a script is run. */
  const interrupted = (script: keyof typeof scripts, happens: () => unknown): RedisStoreClient => ({
    isOpen: true,
    evalSha: async (sha, call) => {
      if (sha === scripts[script].sha) await happens();
      return client.evalSha(sha, call);
    },
    eval: (text, call) => client.eval(text, call),
  });
  const crash = () => {
    throw new Error('crashed');
  };

  describeSessionStore('RedisStore on a cluster', () => new RedisStore(client, `suite-${tests++}:`, PATIENT));

  it('calls itself a cluster', () => {
    expect(new RedisStore(client).name).toBe('redis (cluster)');
  });

  describe('replace', () => {
    const user = { userId: 'user' };

    it.each([
      ['before the old session is removed', 'remove', true],
      ['before the new one becomes live', 'activate', false],
    ] as const)('that crashes %s never leaves two', async (_title, script, oldLives) => {
      const store = await opened();
      const [old, successor] = [newRecord(clock, user), newRecord(clock, user)];
      await store.create(old);
      const crashing = await opened(interrupted(script, crash));
      await expect(crashing.replace(old.id, 1, successor)).rejects.toThrow('crashed');
      expect(await store.load(old.id)).toEqual(oldLives ? old : undefined);
      expect(await store.load(successor.id)).toBeUndefined();
      expect(await store.findByUser('user')).toEqual(oldLives ? [old] : []);
      const change = { data: '{}', lastSeenAt: clock, expiresAt: clock + 5_000 };
      expect(await store.commit(successor.id, 1, change)).toEqual({ outcome: 'gone' });
      expect(await client.pTTL(`${prefix}s:${successor.id}`)).toBeLessThanOrEqual(60_000);
    });

    it('yields to a logout everywhere that comes between its steps', async () => {
      const store = await opened();
      for (const script of ['remove', 'activate'] as const) {
        const [old, successor] = [newRecord(clock, user), newRecord(clock, user)];
        await store.create(old);
        const replacing = await opened(interrupted(script, () => store.destroyByUser('user')));
        expect(await replacing.replace(old.id, 1, successor)).toEqual({ outcome: 'gone' });
        expect(await store.findByUser('user')).toEqual([]);
        expect(await store.load(successor.id)).toBeUndefined();
      }
    });

    it('is won by one of two that are between their steps at once', async () => {
      const store = await opened();
      const [old, one, two] = [newRecord(clock), newRecord(clock), newRecord(clock)];
      await store.create(old);
      const replacing = await opened(
        interrupted('remove', async () => {
          expect(await store.replace(old.id, 1, two)).toEqual({ outcome: 'committed' });
        }),
      );
      expect(await replacing.replace(old.id, 1, one)).toEqual({ outcome: 'gone' });
      expect(await store.load(one.id)).toBeUndefined();
      expect(await store.load(two.id)).toEqual(two);
    });

    it('is one step where the prefix keeps all sessions in one place', async () => {
      prefix = `{${prefix}}:`;
      const asked: string[] = [];
      const store = await opened({
        isOpen: true,
        evalSha: async (sha, call) => {
          asked.push(sha);
          return client.evalSha(sha, call);
        },
        eval: (text, call) => client.eval(text, call),
      });
      const [old, successor] = [newRecord(clock), newRecord(clock)];
      await store.create(old);
      asked.length = 0;
      expect(await store.replace(old.id, 1, successor)).toEqual({ outcome: 'committed' });
      expect(asked).toEqual([scripts.replace.sha]);
      expect(await store.load(successor.id)).toEqual(successor);
    });
  });

  it('refuses a client for a single server', async () => {
    const single = await redisClient(cluster.url);
    await expect(opened(single)).rejects.toThrow('use createCluster()');
    single.destroy();
  });
});
