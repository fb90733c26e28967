import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Logger } from '@nestjs/common';
import { Keyv } from 'keyv';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { CachedStore } from '../../lib/stores/cached/cached.store.js';
import { REST } from '../../lib/stores/cached/guarded.cache.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import type { SessionCache } from '../../lib/stores/cached/session-cache.interface.js';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { observed, peeking } from '../support/peeking.store.js';
import { canStartRedis, PrivateRedis } from '../support/private-redis.js';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

const CHANGE = { data: '"new"', lastSeenAt: 5, expiresAt: 900_000 };

/** What another process runs: SQL on the database whose address is its first argument. */
const OTHER_PROCESS = `
  import { DataSource } from 'typeorm';
  const dataSource = await new DataSource(JSON.parse(process.argv[1])).initialize();
  await dataSource.query(process.argv[2]);
  await dataSource.destroy();
`;

const newId = () => randomBytes(16).toString('hex');

describeEachDatabase(
  'CachedStore',
  (database) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;
    const clock = { now: 1_000 };

    beforeAll(async () => {
      scratch = await database.create();
      dataSource = await openSessionTable(scratch.options);
    });

    afterAll(async () => {
      await dataSource?.destroy();
      await scratch?.drop();
    });

    async function open(cache: SessionCache) {
      const seen = observed(peeking(new TypeOrmStore(dataSource, SessionEntity)));
      const store = new CachedStore(seen.store, cache);
      await store.open({ now: () => clock.now, maxDataSize: 1_000 });
      seen.calls();
      return { store, calls: seen.calls };
    }

    async function inAnotherProcess(sql: string): Promise<void> {
      const args = ['--input-type=module', '-e', OTHER_PROCESS, JSON.stringify(scratch.options), sql];
      await promisify(execFile)(process.execPath, args, { cwd: process.cwd() });
    }

    it('does not serve a session whose row another process has deleted', async () => {
      const { store, calls } = await open(memoryCache());
      const [gone, kept] = [newId(), newId()];
      for (const id of [gone, kept]) await store.create(sessionRecord(id));
      await inAnotherProcess(`DELETE FROM sessions WHERE id = '${gone}'`);
      calls();
      expect(await store.load(gone)).toBeUndefined();
      expect(await store.load(kept)).toEqual(sessionRecord(kept));
      expect(calls()).toEqual(['peek', 'peek']);
    });

    it('serves what another process has committed', async () => {
      const { store } = await open(memoryCache());
      const id = newId();
      await store.create(sessionRecord(id));
      await inAnotherProcess(`UPDATE sessions SET data = '"other"', version = 2 WHERE id = '${id}'`);
      expect(await store.load(id)).toEqual(sessionRecord(id, { data: '"other"', version: 2 }));
    });

    (canStartRedis ? describe : describe.skip)('while its Redis dies (skipped without redis-server)', () => {
      let redis: PrivateRedis;
      let keyv: Keyv;

      beforeAll(async () => {
        jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
        jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
        redis = await PrivateRedis.start();
        const reconnectStrategy = () => 10;
        keyv = new Keyv(new KeyvRedis({ socket: { path: redis.path, tls: false, reconnectStrategy } }));
        keyv.on('error', () => undefined);
      });

      afterEach(() => {
        clock.now = 1_000;
      });

      afterAll(async () => {
        await keyv?.disconnect();
        await redis?.remove();
        jest.restoreAllMocks();
      });

      it('keeps everybody logged in, loses no write, keeps logouts, and uses Redis again afterwards', async () => {
        const { store, calls } = await open(keyv);
        const [alice, bob] = [newId(), newId()];
        for (const id of [alice, bob]) await store.create(sessionRecord(id));
        await store.close();
        calls();
        await store.load(alice);
        expect(calls()).toEqual(['peek']);

        await redis.kill();
        expect(await store.load(alice)).toEqual(sessionRecord(alice));
        expect(await store.commit(alice, 1, CHANGE)).toEqual({ outcome: 'committed' });
        expect(await store.destroy(bob)).toBe(true);
        expect(await store.load(bob)).toBeUndefined();
        expect(await store.load(alice)).toMatchObject({ data: '"new"', version: 2 });
        expect(calls()).not.toContain('peek');

        await redis.start();
        const isCachedAgain = async () => {
          clock.now += REST;
          expect(await store.load(alice)).toMatchObject({ data: '"new"', version: 2 });
          expect(await store.load(bob)).toBeUndefined();
          await store.close();
          return calls().includes('peek');
        };
        // The client finds the server again by itself; every attempt waits for its answer.
        while (!(await isCachedAgain()));
      });
    });
  },
  ({ type }) => type === 'postgres',
);
