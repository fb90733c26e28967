import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { env } = process;
const require = createRequire(import.meta.url);

/** Where PostgreSQL is, by the same variables as for the tests. */
export const POSTGRES = {
  host: env.POSTGRES_HOST ?? '127.0.0.1',
  port: Number(env.POSTGRES_PORT ?? 5432),
  user: env.POSTGRES_USER ?? 'postgres',
  password: env.POSTGRES_PASSWORD ?? '',
  database: env.POSTGRES_DATABASE ?? 'test',
};

export const REDIS_URL = env.REDIS_URL ?? 'redis://127.0.0.1:6379';

/** Connections to PostgreSQL, for everybody: what a pool of pg has by default. */
export const POOL_SIZE = 10;

/** SQLite's addon as the set-up has built it for this Node.js, where it is not the one that has installed everything. */
export function sqliteBinding() {
  const file = join(
    import.meta.dirname,
    `../node_modules/.sqlite/better_sqlite3-${process.versions.modules}.node`,
  );
  return existsSync(file) ? file : undefined;
}

export function sqliteInMemory() {
  const Database = require('better-sqlite3');
  return new Database(':memory:', { nativeBinding: sqliteBinding() });
}

/** What TypeORM has to know of the database of this run. */
export function dataSourceOptions(store, { database, directory }, name = 'sessions') {
  if (store === 'sqlite') {
    return {
      type: 'better-sqlite3',
      database: `${directory}/${name}-${process.pid}.sqlite`,
      enableWAL: true,
      nativeBinding: sqliteBinding(),
    };
  }
  const { user: username, ...postgres } = POSTGRES;
  return { type: 'postgres', ...postgres, username, database, poolSize: POOL_SIZE };
}

export function pgPool({ database }) {
  const { Pool } = require('pg');
  return new Pool({ ...POSTGRES, database, max: POOL_SIZE });
}

export async function redisClient() {
  const { createClient } = await import('redis');
  return createClient({ url: REDIS_URL }).connect();
}

/** Counts the statements that are sent to PostgreSQL or run by SQLite. */
export function watchSql(operations, store) {
  if (store === 'postgres') {
    operations.watch(require('pg').Client.prototype, ['query']);
    return;
  }
  const memory = sqliteInMemory();
  operations.watch(Object.getPrototypeOf(memory.prepare('SELECT 1')), ['run', 'get', 'all']);
  memory.close();
}
