import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { CreateSessions1735689600000, SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import { DataSource } from 'typeorm';
import { dataSourceOptions, pgPool, POOL_SIZE, sqliteBinding } from '../support/backends.mjs';
import { CONTEXT, newRecord } from './records.mjs';
import { recordStatements } from './statements.mjs';

const require = createRequire(import.meta.url);

/** The databases of the TypeORM store, and how many calls are under way at once: SQLite's run one by one anyway. */
export const DATABASES = [
  { store: 'postgres', title: 'PostgreSQL', slots: POOL_SIZE },
  { store: 'sqlite', title: 'SQLite', slots: 1 },
];

/**
 * The TypeORM store, and beside it the bare driver on the same table with the statements that the store itself sends.
 * `name` sets it apart from the others of this run.
 */
export async function openDatabase({ store: kind, slots }, scratch, name) {
  const dataSource = await new DataSource({
    ...dataSourceOptions(kind, scratch, name),
    entities: [SessionEntity],
    migrations: [CreateSessions1735689600000],
    dropSchema: true,
    migrationsRun: true,
  }).initialize();
  const store = new TypeOrmStore(dataSource, SessionEntity);
  await store.open(CONTEXT);
  const statements = await recordStatements(store, kind);
  const driver = kind === 'postgres' ? barePostgres(scratch) : bareSqlite(dataSource.options.database);
  return {
    dataSource,
    store,
    bare: driver.prepare(statements),
    /** Deletes so many of those that have expired, the oldest first, by the bare driver. */
    deleteOldest: driver.prepare({ deleteOldest: deleteOldest(kind) }).deleteOldest,
    /** As many records as there are slots, alive. */
    async newSlots() {
      const records = Array.from({ length: slots }, () => newRecord());
      for (const record of records) {
        await store.create(record);
      }
      return records;
    },
    grow: (range) => grow(dataSource, store, range),
    async close() {
      await driver.close();
      await dataSource.destroy();
    },
  };
}

/** The id of the nth record that `grow` has made. */
export function filledId(n) {
  return createHash('md5').update(String(n)).digest('hex');
}

/** Copies one record until those from `first` to `last` are there, which expire a millisecond after each other. */
async function grow(dataSource, store, { first, last, expiresAt }) {
  const template = newRecord({ expiresAt });
  await store.create(template);
  const columns = dataSource.getMetadata(SessionEntity).columns.map(({ databaseName }) => databaseName);
  const isSqlite = dataSource.options.type === 'better-sqlite3';
  if (isSqlite) {
    dataSource.driver.databaseConnection.function('md5', { deterministic: true }, filledId);
  }
  const series = isSqlite
    ? `WITH RECURSIVE series(n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM series WHERE n < ${last})`
    : `WITH series AS (SELECT n FROM generate_series(${first}, ${last}) n)`;
  const values = columns.map((column) => {
    const changed = { id: 'md5(CAST(n AS text))', expires_at: `expires_at - n` };
    return changed[column] ?? column;
  });
  await dataSource.query(
    `${series} INSERT INTO sessions (${columns.join(', ')}) SELECT ${values.join(', ')} FROM sessions, series ` +
      `WHERE id = '${template.id}'`,
  );
  await dataSource.query(`DELETE FROM sessions WHERE id = '${template.id}'`);
  await dataSource.query(isSqlite ? 'ANALYZE' : 'VACUUM ANALYZE sessions');
}

/** What one would write by hand. The store selects first: MariaDB deletes nothing that it selects with a limit. */
function deleteOldest(kind) {
  const [now, most] = kind === 'postgres' ? ['$1', '$2'] : ['?', '?'];
  const oldest = `SELECT id FROM sessions WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ${most}`;
  return { sql: `DELETE FROM sessions WHERE id IN (${oldest})`, bind: (count) => [Date.now(), count] };
}

/** Named statements on a pool of the same size. */
function barePostgres(scratch) {
  const pool = pgPool(scratch);
  return {
    prepare: (statements) =>
      each(
        statements,
        ({ sql, bind }, name) =>
          (record) =>
            pool.query({ name, text: sql, values: bind(record) }),
      ),
    close: () => pool.end(),
  };
}

/** Prepared statements on a connection of its own, with the same settings. */
function bareSqlite(file) {
  const Database = require('better-sqlite3');
  const database = new Database(file, { nativeBinding: sqliteBinding() });
  return {
    prepare: (statements) =>
      each(statements, ({ sql, bind }, name) => {
        const statement = database.prepare(sql);
        return name === 'load'
          ? (record) => void statement.get(...bind(record))
          : (record) => void statement.run(...bind(record));
      }),
    close: () => database.close(),
  };
}

function each(statements, make) {
  return Object.fromEntries(
    Object.entries(statements).map(([name, statement]) => [name, make(statement, name)]),
  );
}
