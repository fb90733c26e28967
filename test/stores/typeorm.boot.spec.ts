import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { sessionEntity, SessionEntity, TypeOrmStore, typeOrmStore } from 'nest-sessions/typeorm';
import { Column, DataSource, Entity } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { SessionStoreDefinition } from '../../lib/stores/session-store.definition.js';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

const STORE = Symbol('store');
const memory = { type: 'better-sqlite3', database: ':memory:' } as const;

@Entity('boot_sessions')
class BootSession extends SessionEntity {
  @Column({ type: 'int', nullable: true })
  accountId!: number | null;
}

class Undecorated extends SessionEntity {}

@Module({})
class StoreModule {}

@Module({})
class AppModule {}

/** An application that opens the store as the session module does. */
async function boot(definition: SessionStoreDefinition, imports: DynamicModule[], maxDataSize = 1_048_576) {
  const { imports: needs = [], ...provider } = definition;
  const storeModule = { module: StoreModule, imports: needs, providers: [{ provide: STORE, ...provider }] };
  const module = { module: AppModule, imports: [storeModule as DynamicModule, ...imports] };
  const options = { logger: false, abortOnError: false } as const;
  const app = await NestFactory.createApplicationContext(module, options);
  const store = app.get<TypeOrmStore>(STORE, { strict: false });
  try {
    await store.open({ now: () => 1, maxDataSize });
    return { app, store };
  } catch (error) {
    await app.close();
    throw error;
  }
}

describe('typeOrmStore() in an application', () => {
  it('registers its entity for autoLoadEntities', async () => {
    const root = TypeOrmModule.forRoot({ ...memory, autoLoadEntities: true, synchronize: true });
    const { app, store } = await boot(typeOrmStore(), [root]);
    expect(await store.create(sessionRecord('a'))).toBe(true);
    expect(await app.get(DataSource).query('SELECT id FROM sessions')).toEqual([{ id: 'a' }]);
    await app.close();
  });

  it('registers an extended entity and one of another table name too', async () => {
    for (const [options, table] of [
      [{ entity: BootSession }, 'boot_sessions'],
      [{ tableName: 'other_sessions' }, 'other_sessions'],
    ] as const) {
      const root = TypeOrmModule.forRoot({ ...memory, autoLoadEntities: true, synchronize: true });
      const { app, store } = await boot(typeOrmStore(options), [root]);
      expect(await store.create(sessionRecord('a'))).toBe(true);
      expect(await app.get(DataSource).query(`SELECT id FROM ${table}`)).toEqual([{ id: 'a' }]);
      await app.close();
    }
  });

  it('takes a DataSource by name, made by forRoot or forRootAsync', async () => {
    const root = TypeOrmModule.forRoot({ ...memory, name: 'one', autoLoadEntities: true, synchronize: true });
    const other = TypeOrmModule.forRootAsync({
      name: 'two',
      useFactory: () => ({ ...memory, entities: [SessionEntity], synchronize: true }),
    });
    for (const name of ['one', 'two']) {
      const { app, store } = await boot(typeOrmStore({ dataSource: name }), [root, other]);
      expect(await store.create(sessionRecord('a'))).toBe(true);
      await app.close();
    }
  });

  it('takes a DataSource of the application’s own, without TypeOrmModule, and leaves it open', async () => {
    const dataSource = await openSessionTable(memory);
    const { app, store } = await boot(typeOrmStore({ dataSource }), []);
    expect(await store.create(sessionRecord('a'))).toBe(true);
    await app.close();
    expect(dataSource.isInitialized).toBe(true);
    await dataSource.destroy();
  });

  it.each([
    [
      'no TypeOrmModule',
      () => boot(typeOrmStore(), []),
      'No TypeORM DataSource found: import TypeOrmModule.forRoot(...) in your AppModule, or pass typeOrmStore({ dataSource }).',
    ],
    [
      'no DataSource of that name',
      () => boot(typeOrmStore({ dataSource: 'reports' }), [TypeOrmModule.forRoot(memory)]),
      `No TypeORM DataSource named "reports" found: import TypeOrmModule.forRoot({ name: 'reports', … }) in your AppModule, or pass typeOrmStore({ dataSource }).`,
    ],
    [
      'an entity that is not registered',
      () => boot(typeOrmStore(), [TypeOrmModule.forRoot({ ...memory, entities: [] })]),
      "The TypeORM DataSource does not know SessionEntity: add SessionEntity to the DataSource's `entities` or set `autoLoadEntities: true`.",
    ],
    [
      'no entity of that table name',
      () =>
        boot(typeOrmStore({ tableName: 'nowhere' }), [TypeOrmModule.forRoot({ ...memory, entities: [] })]),
      "The TypeORM DataSource does not know sessionEntity('nowhere')",
    ],
    [
      'a DataSource that is not initialized',
      () => boot(typeOrmStore({ dataSource: new DataSource({ ...memory, entities: [SessionEntity] }) }), []),
      'The TypeORM DataSource of the session store is not initialized: await dataSource.initialize() before',
    ],
  ])('with %s fails with one error that says what to do', async (_case, run, message) => {
    await expect(run()).rejects.toThrow(message);
  });

  it('leaves the word to the DataSource when that one fails', async () => {
    const root = TypeOrmModule.forRoot({
      type: 'postgres',
      host: '127.0.0.1',
      port: 1,
      retryAttempts: 0,
    });
    await expect(boot(typeOrmStore(), [root])).rejects.toThrow('ECONNREFUSED');
  });
});

describe('typeOrmStore() refuses when it is called', () => {
  it.each<[string, object, string]>([
    ['entity and tableName', { entity: BootSession, tableName: 'x' }, 'either `entity` or `tableName`'],
    ['columns without an entity', { columns: () => ({}) }, '`columns` fills columns of your own'],
    [
      'a class that is no session',
      { entity: Date },
      'must be SessionEntity or a class that extends it, got Date',
    ],
    [
      'a class without @Entity()',
      { entity: Undecorated },
      'Undecorated has no @Entity() decorator of its own',
    ],
    ['a table name with a schema', { tableName: 'a.b' }, 'must be the plain name of a table, got "a.b"'],
    ['an empty table name', { tableName: '' }, 'must be the plain name of a table, got ""'],
    ['something else as a DataSource', { dataSource: 5 }, '`dataSource` must be a DataSource or the name'],
    ['an option that there is not', { table: 'x' }, 'unknown option `table`'],
  ])('%s', (_case, options, message) => {
    expect(() => typeOrmStore(options as never)).toThrow(message);
    expect(() => typeOrmStore(options as never)).toThrow(TypeError);
  });
});

describe('sessionEntity()', () => {
  it('gives the same class for the same table', () => {
    expect(sessionEntity('x_sessions')).toBe(sessionEntity('x_sessions'));
    expect(sessionEntity('x_sessions')).not.toBe(sessionEntity('y_sessions'));
  });
});

describeEachDatabase('The table at boot', (database) => {
  let scratch: ScratchDatabase;
  let dataSource: DataSource;

  afterEach(async () => {
    if (dataSource?.isInitialized) await dataSource.destroy();
    await scratch?.drop();
  });

  async function connect(more: object = {}) {
    scratch = await database.create();
    const options = { ...scratch.options, entities: [SessionEntity], ...more } as DataSourceOptions;
    dataSource = await new DataSource(options).initialize();
  }

  const open = (entity = SessionEntity, maxDataSize = 1_048_576) =>
    new TypeOrmStore(dataSource, entity).open({ now: () => 1, maxDataSize });

  it('that is missing is reported with the migration to run', async () => {
    await connect();
    await expect(open()).rejects.toThrow(
      /^The table "sessions" of the sessions does not exist: run the migration CreateSessions1735689600000 .*synchronize: true/,
    );
  });

  it('that lacks columns is reported with their names', async () => {
    await connect({ entities: [BootSession] });
    await dataSource.query('CREATE TABLE boot_sessions (id varchar(32), data text, version int)');
    await expect(open(BootSession)).rejects.toThrow(
      /"boot_sessions" .* lacks "secret_hash", .*"accountId": run/,
    );
  });
});

describeEachDatabase(
  'The data column at boot',
  (database) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;

    afterEach(async () => {
      await dataSource.destroy();
      await scratch.drop();
    });

    async function storeWith(column: string) {
      scratch = await database.create();
      dataSource = await openSessionTable(scratch.options);
      await dataSource.query(`ALTER TABLE sessions MODIFY data ${column} NOT NULL`);
      return (maxDataSize: number) =>
        new TypeOrmStore(dataSource, SessionEntity).open({ now: () => 1, maxDataSize });
    }

    it('that is too small is reported with the ALTER TABLE to run, which helps', async () => {
      const open = await storeWith('text CHARACTER SET utf8mb4');
      const error = await open(1_048_576).catch((reason: Error) => reason);
      expect(error).toMatchObject({
        message: expect.stringMatching(
          /`data` of `sessions` holds 65535 bytes, but sessions may have 1048576: run ALTER TABLE .* or set maxDataSize to 65535 or less/,
        ),
      });
      await open(65_535);
      const [sql] = /ALTER TABLE [^,]+/.exec((error as Error).message)!;
      await dataSource.query(sql);
      await open(1_048_576);
      await expect(open(20_000_000)).rejects.toThrow('MODIFY `data` longtext');
    });

    it('that cannot hold every character is reported too', async () => {
      const open = await storeWith('mediumtext CHARACTER SET latin1');
      await expect(open(1_048_576)).rejects.toThrow(
        'The column `data` of `sessions` has the character set latin1, which cannot hold every text: run ALTER TABLE',
      );
    });
  },
  ({ type }) => type === 'mariadb',
);
