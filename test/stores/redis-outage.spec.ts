import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RedisStore } from 'nest-sessions/redis';
import { scripts } from '../../lib/stores/redis/redis.scripts.js';
import { PATIENT } from '../support/patience.js';
import {
  canStartRedis,
  describeIf,
  newId,
  newRecord,
  OwnRedis,
  redisClient,
  type Client,
} from '../support/redis-servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const TIMEOUT = 300;

describeIf(canStartRedis, 'RedisStore and its server', 'there is no redis-server to start', () => {
  let server: OwnRedis;
  let client: Client;
  /** A store that gives up early, and one that is for what is to go well. */
  let hasty: RedisStore;
  let store: RedisStore;
  const context = { now: Date.now, maxDataSize: 1_048_576 };

  beforeEach(async () => {
    server = await OwnRedis.start();
    client = await redisClient(server.url);
    store = new RedisStore(client, 's:', PATIENT);
    await store.open(context);
    hasty = new RedisStore(client, 's:', TIMEOUT);
  });
  afterEach(async () => {
    client.destroy();
    await server.stop();
  });

  const change = () => ({ data: '{}', lastSeenAt: Date.now(), expiresAt: Date.now() + 10_000 });
  const verbs: Record<string, (on: RedisStore, id: string) => Promise<unknown>> = {
    load: (on, id) => on.load(id),
    create: (on, id) => on.create(newRecord(Date.now(), { id, userId: 'user' })),
    commit: (on, id) => on.commit(id, 1, change()),
    replace: (on, id) => on.replace(id, 1, newRecord(Date.now())),
    touch: (on, id) => on.touch(id, 1, change()),
    rotate: (on, id) => on.rotate(id, 'hash', { secretHash: 'new', previousUntil: 0 }),
    destroy: (on, id) => on.destroy(id),
    clearExpired: (on) => on.clearExpired(),
    findByUser: (on) => on.findByUser('user'),
    destroyByUser: (on) => on.destroyByUser('user'),
  };

  /** What every verb does, all at once, and how long that takes. */
  async function tryAll(on: RedisStore, id: string) {
    const start = performance.now();
    const results = await Promise.allSettled(Object.values(verbs).map((run) => run(on, id)));
    const outcomes = Object.keys(verbs).map((verb, index) => [verb, results[index]!.status]);
    return { outcomes: Object.fromEntries(outcomes), took: performance.now() - start };
  }
  const all = (status: string) => Object.fromEntries(Object.keys(verbs).map((verb) => [verb, status]));

  it('makes every verb fail within its time when the server is gone, and work again when it is back', async () => {
    const { id } = newRecord(Date.now());
    await store.create(newRecord(Date.now(), { id }));
    await server.kill();
    const { outcomes, took } = await tryAll(hasty, id);
    expect(outcomes).toEqual(all('rejected'));
    expect(took).toBeLessThan(PATIENT);
    await server.start();
    await until(() => client.isReady);
    expect((await tryAll(store, newId())).outcomes).toEqual(all('fulfilled'));
  });

  it('makes every verb fail within its time when the server hangs, and work again when it goes on', async () => {
    server.freeze();
    const { outcomes, took } = await tryAll(hasty, newId());
    expect(outcomes).toEqual(all('rejected'));
    expect(took).toBeGreaterThanOrEqual(TIMEOUT - 10);
    expect(took).toBeLessThan(PATIENT);
    server.thaw();
    expect((await tryAll(store, newId())).outcomes).toEqual(all('fulfilled'));
  });

  it('never sends later what it has reported as failed', async () => {
    const line = new TcpProxy({ host: '127.0.0.1', port: server.port });
    await line.open();
    const slow = await redisClient(`redis://127.0.0.1:${line.port}`);
    const late = new RedisStore(slow, 's:', TIMEOUT);
    await line.shut();
    await until(() => !slow.isReady);
    await expect(late.create(newRecord(Date.now()))).rejects.toThrow(`not answered within ${TIMEOUT} ms`);
    // When it could come, the script is known.
    await client.scriptLoad(scripts.create.text);
    await line.open();
    await until(() => slow.isReady);
    expect(await slow.dbSize()).toBe(0);
    slow.destroy();
    await line.shut();
  });

  it('goes on when the server has forgotten the scripts', async () => {
    const record = newRecord(Date.now(), { userId: 'user' });
    expect(await store.create(record)).toBe(true);
    for (const [verb, run] of Object.entries(verbs)) {
      await client.scriptFlush();
      await expect(run(store, record.id).then(() => verb)).resolves.toBe(verb);
    }
    await client.scriptFlush();
    const other = newRecord(Date.now());
    expect(await store.create(other)).toBe(true);
    const loads = await Promise.all([store.load(other.id), store.load(other.id), store.load(other.id)]);
    expect(loads).toEqual([other, other, other]);
  });

  it('refuses a server that drops any key when it is full', async () => {
    await client.configSet({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
    await expect(store.open(context)).rejects.toThrow(
      'maxmemory-policy allkeys-lru: when its memory is full',
    );
    await client.configSet('maxmemory', '0');
    await expect(store.open(context)).resolves.toBeUndefined();
  });

  it('warns of a server that drops keys which expire', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await client.configSet({ maxmemory: '100mb', 'maxmemory-policy': 'noeviction' });
    await store.open(context);
    expect(warn).not.toHaveBeenCalled();
    await client.configSet('maxmemory-policy', 'volatile-lru');
    await store.open(context);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('maxmemory-policy volatile-lru'));
    warn.mockRestore();
  });

  it('opens where it may not ask for the configuration, and says what it is not allowed to do', async () => {
    await client.aclSetUser('sessions', ['on', 'nopass', '~*', '+@all', '-config']);
    await client.aclSetUser('reader', ['on', 'nopass', '~*', '+@read']);
    const as = async (username: string) => redisClient(server.url.replace('//', `//${username}:x@`));
    const [allowed, forbidden] = [await as('sessions'), await as('reader')];
    await expect(new RedisStore(allowed).open(context)).resolves.toBeUndefined();
    await expect(new RedisStore(forbidden).open(context)).rejects.toThrow('NOPERM');
    allowed.destroy();
    forbidden.destroy();
  });

  /** Lets the event loop turn until it is so. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }
});
