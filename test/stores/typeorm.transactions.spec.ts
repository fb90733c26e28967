import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource, QueryRunner } from 'typeorm';
import { SharedExecutor } from '../../lib/stores/typeorm/shared.executor.js';
import { SqliteExecutor } from '../../lib/stores/typeorm/sqlite.executor.js';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

const CHANGE = { data: '{"changed":true}', lastSeenAt: 2, expiresAt: 2_000_000 };

describeEachDatabase('A transaction of a handler', (database) => {
  let scratch: ScratchDatabase;
  let dataSource: DataSource;
  let store: TypeOrmStore;
  let runner: QueryRunner;

  beforeEach(async () => {
    scratch = await database.create();
    dataSource = await openSessionTable(scratch.options);
    await dataSource.query('CREATE TABLE orders (id int)');
    store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    runner = dataSource.createQueryRunner();
    await store.create(sessionRecord('a', { userId: 'user' }));
  });

  afterEach(async () => {
    if (!runner.isReleased) await runner.release();
    await dataSource?.destroy();
    await scratch?.drop();
  });

  const orders = async () => (await dataSource.query('SELECT id FROM orders')).length;

  /** Runs `work` while the handler's transaction is open. On SQLite's only connection it ends after that. */
  async function inside<T>(end: 'commit' | 'rollback', work: () => Promise<T>): Promise<T> {
    await runner.startTransaction();
    await runner.query('INSERT INTO orders VALUES (1)');
    const running = work();
    if (database.type !== 'better-sqlite3') await Promise.allSettled([running]);
    if (end === 'commit') await runner.commitTransaction();
    else await runner.rollbackTransaction();
    return running;
  }

  it.each<[string, () => Promise<unknown>, unknown, string | undefined]>([
    ['create', () => store.create(sessionRecord('b')), true, '{}'],
    ['commit', () => store.commit('a', 1, CHANGE), { outcome: 'committed' }, undefined],
    [
      'commitExclusively',
      () => store.commitExclusively('a', () => ({ change: CHANGE })),
      { outcome: 'committed' },
      undefined,
    ],
    ['destroy', () => store.destroy('a'), true, undefined],
    ['destroyByUser', () => store.destroyByUser('user'), 1, undefined],
    ['touch', () => store.touch('a', 1, CHANGE), true, undefined],
  ])('that is rolled back does not undo %s', async (verb, run, answer) => {
    expect(await inside('rollback', run)).toEqual(answer);
    expect(await orders()).toBe(0);
    const [a, b] = [await store.load('a'), await store.load('b')];
    if (verb === 'create') expect(b?.data).toBe('{}');
    else if (verb.startsWith('commit')) expect(a).toMatchObject({ data: CHANGE.data, version: 2 });
    else if (verb === 'touch') expect(a).toMatchObject({ expiresAt: CHANGE.expiresAt, version: 1 });
    else expect(a).toBeUndefined();
  });

  it('is not rolled back when a session write fails', async () => {
    const failing = () =>
      store.commitExclusively('a', () => {
        throw new Error('rebase failed');
      });
    await expect(inside('commit', failing)).rejects.toThrow('rebase failed');
    expect(await orders()).toBe(1);
    expect((await store.load('a'))?.version).toBe(1);
  });

  it('does not hold up reading a session', async () => {
    await runner.startTransaction();
    expect((await store.load('a'))?.id).toBe('a');
    expect(await store.findByUser('user')).toHaveLength(1);
    await runner.rollbackTransaction();
  });

  it('gives its connection back also when a statement fails', async () => {
    const before = database.type === 'better-sqlite3' ? 1 : 30;
    for (let index = 0; index < before; index++) {
      await expect(store.create(sessionRecord('x', { secretHash: null as never }))).rejects.toThrow();
      const failing = store.commitExclusively('a', () => ({ change: { ...CHANGE, data: null as never } }));
      await expect(failing).rejects.toThrow();
    }
    expect(await store.commit('a', 1, CHANGE)).toEqual({ outcome: 'committed' });
  });
});

describeEachDatabase(
  'The only connection',
  (database) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;

    beforeEach(async () => {
      scratch = await database.create();
      dataSource = await openSessionTable(scratch.options);
      await dataSource.query('CREATE TABLE orders (id int)');
    });

    afterEach(async () => {
      await dataSource.destroy();
      await scratch.drop();
    });

    describe.each([
      ['SqliteExecutor', (patience?: number) => new SqliteExecutor(dataSource, patience)],
      ['SharedExecutor', (patience?: number) => new SharedExecutor(dataSource, patience)],
    ])('with %s', (_name, executor) => {
      const insert = { sql: 'INSERT INTO orders VALUES (?)', parameters: [7] };

      it('is written to when the transaction on it has ended, and not before', async () => {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        const events: string[] = [];
        const written = executor()
          .write(insert)
          .then(() => events.push('written'));
        await dataSource.query('SELECT 1');
        events.push('rolled back');
        await runner.rollbackTransaction();
        await written;
        expect(events).toEqual(['rolled back', 'written']);
        expect(await dataSource.query('SELECT id FROM orders')).toEqual([{ id: 7 }]);
      });

      it('is waited for no longer than the patience lasts, and the error says what to do', async () => {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        await expect(executor(0).write(insert)).rejects.toThrow(
          /SQLite \(better-sqlite3\) has one connection.*transaction.*save\(\), flush\(\).*out of the transaction/,
        );
        await runner.rollbackTransaction();
        expect(await dataSource.query('SELECT id FROM orders')).toEqual([]);
      });

      it('is read and written in one exclusive step', async () => {
        await executor().write(insert);
        const select = { sql: 'SELECT id FROM orders WHERE id = ?', parameters: [7] };
        const update = (row: Record<string, unknown>) => ({
          sql: 'UPDATE orders SET id = ?',
          parameters: [Number(row['id']) + 1],
        });
        expect(await executor().exclusively(select, update)).toBe(1);
        expect(await dataSource.query('SELECT id FROM orders')).toEqual([{ id: 8 }]);
        expect(await executor().exclusively(select, update)).toBeUndefined();
      });
    });
  },
  ({ inMemory }) => inMemory,
);
