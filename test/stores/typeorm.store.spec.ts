import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { RecordingLogger } from '../support/recording.logger.js';
import { insertRecords, openSessionTable, sessionRecord } from '../support/session-table.js';

const CHANGE = { data: '{"changed":true}', lastSeenAt: 2, expiresAt: 2_000_000 };

describeEachDatabase('TypeOrmStore', (database) => {
  let scratch: ScratchDatabase;
  let dataSource: DataSource;
  const logger = new RecordingLogger();

  beforeAll(async () => {
    scratch = await database.create();
    dataSource = await openSessionTable(scratch.options, { logger });
  });

  afterAll(async () => {
    await dataSource?.destroy();
    await scratch?.drop();
  });

  beforeEach(async () => {
    // Truncating is slower where there is next to nothing.
    await dataSource.query('DELETE FROM sessions');
  });

  describeSessionStore('TypeOrmStore', () => new TypeOrmStore(dataSource, SessionEntity), {
    expiredRecords: 100_000,
    seed: (_store, records) => insertRecords(dataSource, records),
  });

  describe('the statements', () => {
    let store: TypeOrmStore;

    beforeEach(async () => {
      store = new TypeOrmStore(dataSource, SessionEntity);
      await store.open({ now: () => 1, maxDataSize: 1_048_576 });
      await store.create(sessionRecord('a', { userId: 'user' }));
      logger.take();
    });

    it('peek does not ask for the data', async () => {
      await store.peek('a');
      expect(logger.take()[0]).not.toMatch(/\bdata\b/);
    });

    it.each<[string, (store: TypeOrmStore) => Promise<unknown>, string[]]>([
      ['load', (s) => s.load('a'), ['SELECT']],
      ['peek', (s) => s.peek('a'), ['SELECT']],
      ['create', (s) => s.create(sessionRecord('b')), ['INSERT']],
      ['create of a taken id', (s) => s.create(sessionRecord('a')), ['INSERT', 'SELECT']],
      ['commit', (s) => s.commit('a', 1, CHANGE), ['UPDATE']],
      ['commit that conflicts', (s) => s.commit('a', 7, CHANGE), ['UPDATE', 'SELECT']],
      ['commit to a record that is gone', (s) => s.commit('x', 1, CHANGE), ['UPDATE', 'SELECT']],
      ['replace', (s) => s.replace('a', 1, sessionRecord('b')), ['UPDATE']],
      ['replace that conflicts', (s) => s.replace('a', 7, sessionRecord('b')), ['UPDATE', 'SELECT']],
      ['touch', (s) => s.touch('a', 1, CHANGE), ['UPDATE']],
      ['rotate', (s) => s.rotate('a', 'hash', { secretHash: 'x', previousUntil: 9 }), ['UPDATE']],
      ['destroy', (s) => s.destroy('a'), ['DELETE']],
      ['findByUser', (s) => s.findByUser('user'), ['SELECT']],
      ['destroyByUser', (s) => s.destroyByUser('user', { except: 'a' }), ['DELETE']],
      ['clearExpired with nothing to clear', (s) => s.clearExpired(), ['SELECT']],
    ])('%s takes no more statements than it needs', async (_verb, run, verbs) => {
      await run(store);
      expect(logger.take().map((sql) => sql.split(' ')[0])).toEqual(verbs);
    });

    it('ask for id, version and expiry in one guarded UPDATE', async () => {
      await store.commit('a', 1, CHANGE);
      const [sql] = logger.take();
      expect(sql).toMatch(/version.* = .*version.* \+ 1/);
      expect(sql).toMatch(/WHERE .?id.? = \S+ AND .?version.? = \S+ AND .?expires_at.? \+ 0 > \S+$/);
    });

    if (database.type === 'mariadb') {
      it('have no index but the key to find their row by, so that they lock nothing else', async () => {
        const asked: [string, unknown[]?][] = [];
        logger.onQuery = (...statement) => void asked.push(statement);
        await store.commit('a', 7, CHANGE);
        await store.touch('a', 7, CHANGE);
        await store.replace('a', 7, sessionRecord('b'));
        await store.rotate('a', 'another', { secretHash: 'x', previousUntil: 9 });
        await store.commitExclusively('a', () => ({ change: CHANGE }));
        await store.destroy('b');
        await store.open({ now: () => 3_000_000, maxDataSize: 1 });
        await store.clearExpired();
        logger.onQuery = undefined;
        const locking = asked.filter(([sql]) => /^(UPDATE|DELETE)/.test(sql));
        expect(locking).toHaveLength(8);
        for (const [sql, parameters] of locking) {
          const [plan] = await dataSource.query(`EXPLAIN ${sql}`, parameters);
          expect([sql, plan.possible_keys]).toEqual([sql, 'PRIMARY']);
        }
      });
    }

    it('lock the row, or the database where there are no row locks, for commitExclusively', async () => {
      await store.commitExclusively('a', () => ({ change: CHANGE }));
      const statements = logger.take();
      const expected =
        database.type === 'better-sqlite3'
          ? [/^SELECT/, /^UPDATE/]
          : [...Array(2).fill(/TRANSACTION/), /^SELECT .* FOR UPDATE$/, /^UPDATE/, /^COMMIT$/];
      expect(statements).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
    });
  });

  it('names its driver and what it can promise', () => {
    const store = new TypeOrmStore(dataSource, SessionEntity);
    expect(store.name).toBe(`typeorm (${database.type})`);
    expect(store.capabilities).toEqual({
      atomicCommit: database.inMemory ? 'this-process' : 'everywhere',
      userIndex: true,
      revocable: true,
    });
  });

  it('clears thousands of expired records in batches, and none that is touched before its batch', async () => {
    let now = 1;
    const store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => now, maxDataSize: 1_048_576 });
    const rows = Array.from({ length: 2_500 }, (_, index) => sessionRecord(`s${index}`, { expiresAt: 10 }));
    for (let start = 0; start < rows.length; start += 500) {
      await dataSource.getRepository(SessionEntity).insert(rows.slice(start, start + 500));
    }
    now = 10;
    const executor = (store as unknown as { executor: { write: (statement: unknown) => Promise<number> } })
      .executor;
    const write = executor.write.bind(executor);
    let touched = false;
    executor.write = async (statement) => {
      // Between the SELECT of the first batch and its DELETE another process, whose clock is behind, touches a record.
      if (!touched) {
        touched = true;
        await dataSource.query(`UPDATE sessions SET expires_at = 500 WHERE id IN ('s0', 's1', 's2499')`);
      }
      return write(statement);
    };
    expect(await store.clearExpired()).toBe(2_497);
    expect((await store.load('s0'))?.expiresAt).toBe(500);
    expect(await dataSource.getRepository(SessionEntity).count()).toBe(3);
  });

  it('keeps what it has stored when the answer to it is lost, instead of taking it for somebody else’s', async () => {
    const store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    const { executor } = store as unknown as {
      executor: { write: (statement: unknown) => Promise<number> };
    };
    const write = executor.write.bind(executor);
    executor.write = async (statement) => {
      await write(statement);
      throw new Error('Connection terminated unexpectedly');
    };
    expect(await store.create(sessionRecord('mine', { secretHash: 'mine' }))).toBe(true);
    expect(await store.create(sessionRecord('mine', { secretHash: 'other' }))).toBe(false);
    executor.write = write;
    expect(await store.create(sessionRecord('mine', { secretHash: 'mine' }))).toBe(false);
    expect(await store.load('mine')).toMatchObject({ version: 1, secretHash: 'mine' });
  });

  it('takes nothing that was there before for its own when it has failed to store', async () => {
    const store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    // A lock, or what else has no secret.
    expect(await store.create(sessionRecord('lock', { secretHash: '', version: 5 }))).toBe(true);
    const { executor } = store as unknown as {
      executor: { write: (statement: unknown) => Promise<number> };
    };
    executor.write = async () => {
      throw new Error('Connection terminated unexpectedly');
    };
    expect(await store.create(sessionRecord('lock', { secretHash: '', version: 7 }))).toBe(false);
  });

  it('never fails for an id that is taken and given back again by many at once', async () => {
    const store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    const takeAndGiveBack = async () => {
      for (let round = 0; round < 40; round++) {
        if (await store.create(sessionRecord('contended'))) {
          await store.destroy('contended');
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, takeAndGiveBack));
    expect(await store.create(sessionRecord('contended'))).toBe(true);
  });

  it('turns an outage into an exception and never into an answer', async () => {
    const own = await openSessionTable(scratch.options);
    const store = new TypeOrmStore(own, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    await own.destroy();
    await expect(store.load('a')).rejects.toThrow();
    await expect(store.create(sessionRecord('a'))).rejects.toThrow();
    await expect(store.commit('a', 1, CHANGE)).rejects.toThrow();
    await expect(store.commitExclusively('a', () => ({ change: CHANGE }))).rejects.toThrow();
    await expect(store.replace('a', 1, sessionRecord('b'))).rejects.toThrow();
    await expect(store.touch('a', 1, CHANGE)).rejects.toThrow();
    await expect(store.rotate('a', 'x', { secretHash: 'y', previousUntil: 1 })).rejects.toThrow();
    await expect(store.destroy('a')).rejects.toThrow();
    await expect(store.clearExpired()).rejects.toThrow();
    await expect(store.findByUser('a')).rejects.toThrow();
    await expect(store.destroyByUser('a')).rejects.toThrow();
  });
});
