import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';

/** An empty database of its own, and how to be rid of it. */
export interface ScratchDatabase {
  readonly options: DataSourceOptions;
  readonly drop: () => Promise<void>;
}

/** A kind of database that the tests run on. */
export interface TestDatabase {
  readonly name: string;
  readonly type: 'better-sqlite3' | 'postgres' | 'mariadb';
  readonly inMemory: boolean;
  /** Why it cannot be used here. */
  readonly unavailable?: string;
  readonly create: () => Promise<ScratchDatabase>;
}

const { env } = process;

const postgres = {
  type: 'postgres',
  host: env['POSTGRES_HOST'] ?? '127.0.0.1',
  port: Number(env['POSTGRES_PORT'] ?? 5432),
  username: env['POSTGRES_USER'] ?? 'postgres',
  password: env['POSTGRES_PASSWORD'] ?? '',
  database: env['POSTGRES_DATABASE'] ?? 'test',
  connectTimeoutMS: 5_000,
} as const;

const mariadb = {
  type: 'mariadb',
  host: env['MARIADB_HOST'] ?? '127.0.0.1',
  port: Number(env['MARIADB_PORT'] ?? 3306),
  username: env['MARIADB_USER'] ?? 'root',
  password: env['MARIADB_PASSWORD'] ?? '',
  database: env['MARIADB_DATABASE'] ?? 'test',
  connectTimeout: 5_000,
} as const;

async function createFile(): Promise<ScratchDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  return {
    options: { type: 'better-sqlite3', database: join(directory, 'test.sqlite'), enableWAL: true },
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function run(server: DataSourceOptions, sql: string): Promise<void> {
  const dataSource = await new DataSource(server).initialize();
  try {
    await dataSource.query(sql);
  } finally {
    await dataSource.destroy();
  }
}

/** On PostgreSQL a schema, for it takes seconds to drop a whole database there, and none of its commits waits for the disk. */
function schemaOf(server: typeof postgres, name: string) {
  const options = `-c search_path=${name} -c synchronous_commit=off`;
  return {
    // TypeORM hands on what is in `extra`, and others hand on the whole.
    options: { ...server, options, extra: { options } },
    create: `CREATE SCHEMA ${name}`,
    drop: `DROP SCHEMA ${name} CASCADE`,
  };
}

function databaseOf(server: typeof mariadb, name: string) {
  return {
    options: { ...server, database: name },
    create: `CREATE DATABASE ${name}`,
    drop: `DROP DATABASE ${name}`,
  };
}

function onServer(name: string, server: typeof postgres | typeof mariadb) {
  const create = async (): Promise<ScratchDatabase> => {
    const own = `nest_sessions_${randomBytes(6).toString('hex')}`;
    const scratch = server.type === 'postgres' ? schemaOf(server, own) : databaseOf(server, own);
    await run(server, scratch.create);
    return { options: scratch.options, drop: () => run(server, scratch.drop) };
  };
  return { name, type: server.type, inMemory: false, create, server };
}

async function probe({ server, ...database }: ReturnType<typeof onServer>): Promise<TestDatabase> {
  try {
    await run(server, 'SELECT 1');
    return database;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return { ...database, unavailable: `no server at ${server.host}:${server.port}: ${reason}` };
  }
}

/** The databases to test on. The servers are asked once whether they are there. */
export const databases: readonly TestDatabase[] = [
  { name: 'SQLite file', type: 'better-sqlite3', inMemory: false, create: createFile },
  {
    name: 'SQLite in memory',
    type: 'better-sqlite3',
    inMemory: true,
    create: async () => ({
      options: { type: 'better-sqlite3', database: ':memory:' },
      drop: async () => undefined,
    }),
  },
  ...(await Promise.all([onServer('PostgreSQL', postgres), onServer('MariaDB', mariadb)].map(probe))),
];
