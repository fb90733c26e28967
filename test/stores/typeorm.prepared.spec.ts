import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { describeEachDatabase, type ScratchDatabase } from '../support/databases.js';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

describeEachDatabase(
  'The statements of the store',
  (database) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;
    let store: TypeOrmStore;

    beforeEach(async () => {
      scratch = await database.create();
      // One connection, so that what happens to it happens to the store's statements.
      dataSource = await openSessionTable({ ...scratch.options, poolSize: 1 } as typeof scratch.options);
      store = new TypeOrmStore(dataSource, SessionEntity);
      await store.open({ now: () => 1, maxDataSize: 1_048_576 });
      await store.create(sessionRecord('a'));
    });

    afterEach(async () => {
      await dataSource?.destroy();
      await scratch?.drop();
    });

    /** How often each prepared statement of the connection has run. */
    const runs = async (): Promise<number[]> =>
      (
        await dataSource.query(
          `SELECT (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements WHERE statement LIKE 'SELECT%'`,
        )
      )
        .map((statement: { runs: number }) => statement.runs)
        .toSorted();

    it('are parsed once for a connection', async () => {
      const before = await runs();
      await store.load('a');
      await store.load('a');
      await store.load('b');
      expect(await runs()).toEqual([...before, 3]);
    });

    it.each([
      ['the server has forgotten them, as behind a pooler', 'DEALLOCATE ALL'],
      [
        'the table has another column type',
        'ALTER TABLE sessions ALTER COLUMN "user_agent" TYPE varchar(600)',
      ],
    ])('go on without a name when %s', async (_, meanwhile) => {
      expect(await store.load('a')).toMatchObject({ version: 1 });
      await dataSource.query(meanwhile);
      const before = await runs();
      expect(await store.load('a')).toMatchObject({ version: 1 });
      expect(await store.touch('a', 1, { lastSeenAt: 2, expiresAt: 2_000_000 })).toBe(true);
      expect(await store.load('a')).toMatchObject({ lastSeenAt: 2 });
      expect(await runs()).toEqual(before);
    });
  },
  ({ type }) => type === 'postgres',
);
