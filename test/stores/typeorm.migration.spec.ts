import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  CreateSessions1735689600000,
  sessionEntity,
  SessionEntity,
  TypeOrmStore,
} from 'nest-sessions/typeorm';
import { DataSource } from 'typeorm';
import type { DataSourceOptions, QueryRunner } from 'typeorm';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

class CreateWebSessions1767225600000 extends CreateSessions1735689600000 {
  protected override readonly tableName: string = 'web_sessions';
}

describeEachDatabase('The migration', (database) => {
  let scratch: ScratchDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await database.create();
  });

  afterEach(async () => {
    if (dataSource?.isInitialized) await dataSource.destroy();
    await scratch?.drop();
  });

  const pendingChanges = async () =>
    (await dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

  async function expectNothingPending(table: string) {
    // MySQL's `text` holds 64 KB only, and an entity cannot name another type for one driver.
    const known = database.type === 'mariadb' ? [/`data`/] : [];
    const pending = await pendingChanges();
    const unknown = pending.filter((sql) => !known.some((pattern) => pattern.test(sql)));
    expect(unknown).toEqual([]);
    expect(await dataSource.createQueryRunner().hasTable(table)).toBe(true);
  }

  it('makes the table that the entity describes', async () => {
    dataSource = await openSessionTable(scratch.options);
    await expectNothingPending('sessions');
  });

  it('can be undone and done again', async () => {
    dataSource = await openSessionTable(scratch.options);
    await dataSource.undoLastMigration();
    expect(await dataSource.createQueryRunner().hasTable('sessions')).toBe(false);
    await dataSource.runMigrations();
    await expectNothingPending('sessions');
  });

  it('makes a table of another name for tableName', async () => {
    const more = { entities: [sessionEntity('web_sessions')], migrations: [CreateWebSessions1767225600000] };
    dataSource = await openSessionTable(scratch.options, more);
    await expectNothingPending('web_sessions');
    const store = new TypeOrmStore(dataSource, sessionEntity('web_sessions'));
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    expect(await store.create(sessionRecord('a'))).toBe(true);
    expect(await dataSource.query('SELECT id FROM web_sessions')).toMatchObject([{ id: 'a' }]);
  });

  it('follows the entityPrefix of the DataSource', async () => {
    dataSource = await openSessionTable(scratch.options, { entityPrefix: 'shop_' });
    await expectNothingPending('shop_sessions');
    const store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 1_048_576 });
    expect(await store.create(sessionRecord('a'))).toBe(true);
    expect(await dataSource.query('SELECT id FROM shop_sessions')).toMatchObject([{ id: 'a' }]);
  });

  it('makes a table that an entity reads as numbers', async () => {
    dataSource = await openSessionTable(scratch.options);
    const record = sessionRecord('a', { createdAt: 1_795_382_404_257, authenticatedAt: 5 });
    await new TypeOrmStore(dataSource, SessionEntity).open({ now: () => 1, maxDataSize: 1_048_576 });
    await dataSource.getRepository(SessionEntity).insert(record);
    expect(await dataSource.getRepository(SessionEntity).findOneByOrFail({ id: 'a' })).toEqual(record);
  });

  it('makes indexes for expiry and user', async () => {
    dataSource = await openSessionTable(scratch.options);
    const runner: QueryRunner = dataSource.createQueryRunner();
    const table = await runner.getTable('sessions');
    const indexed = table!.indices.map((index) => index.columnNames.join());
    expect(indexed.toSorted()).toEqual(['expires_at', 'user_id']);
    await runner.release();
  });
});

describeEachDatabase('Without the migration', (database) => {
  it('synchronize makes a table that the store works with', async () => {
    const scratch = await database.create();
    const options = { ...scratch.options, entities: [SessionEntity], synchronize: true } as DataSourceOptions;
    const dataSource = await new DataSource(options).initialize();
    const store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1, maxDataSize: 65_535 });
    await store.create(sessionRecord('a', { userId: 'Bob', secretHash: 'aB' }));
    await store.create(sessionRecord('b', { userId: 'bob', secretHash: 'ab' }));
    expect((await store.findByUser('bob')).map(({ id }) => id)).toEqual(['b']);
    expect(await store.rotate('a', 'ab', { secretHash: 'x', previousUntil: 2 })).toBe(false);
    expect(await store.destroyByUser('BOB')).toBe(0);
    await dataSource.destroy();
    await scratch.drop();
  });
});
