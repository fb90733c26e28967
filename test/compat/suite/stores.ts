import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Keyv } from 'keyv';
import {
  cachedStore,
  cookieStore,
  fileStore,
  memoryStore,
  type SessionModuleOptions,
  type SessionStoreDefinition,
} from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { redisStore } from 'nest-sessions/redis';
import { CreateSessions1735689600000, SessionEntity, typeOrmStore } from 'nest-sessions/typeorm';
import { createClient } from 'redis';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** A store that is open for one application. */
export interface OpenStore {
  readonly session: SessionModuleOptions;
  readonly imports?: SessionStoreDefinition['imports'];
  /** Takes away what it has made, once the application is closed. */
  close?(): Promise<unknown>;
}

/** A store to test on. */
export interface Store {
  readonly name: string;
  /** Whether a session can be ended while its client holds the token. */
  readonly isRevocable: boolean;
  /** Why it cannot be used here. */
  readonly unavailable?: string;
  open(): Promise<OpenStore>;
}

const { env } = process;
const redisUrl = env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const postgres = {
  type: 'postgres',
  host: env['POSTGRES_HOST'] ?? '127.0.0.1',
  port: Number(env['POSTGRES_PORT'] ?? 5432),
  username: env['POSTGRES_USER'] ?? 'postgres',
  password: env['POSTGRES_PASSWORD'] ?? '',
  database: env['POSTGRES_DATABASE'] ?? 'test',
  connectTimeoutMS: 10_000,
} as const;

const sqljs: DataSourceOptions = { type: 'sqljs' };
const sqlite: DataSourceOptions = { type: 'better-sqlite3', database: ':memory:' };

/** The stores of the package, each on what is installed and running here. */
export const stores: readonly Store[] = [
  { name: 'memory', isRevocable: true, open: async () => ({ session: { store: memoryStore() } }) },
  { name: 'files', isRevocable: true, open: openFiles },
  {
    name: 'cookie',
    isRevocable: false,
    open: async () => ({
      session: { store: cookieStore({ keys: [randomBytes(32).toString('base64url')] }) },
    }),
  },
  {
    name: 'cache-manager',
    isRevocable: true,
    open: async () => ({ session: { store: cacheManagerStore({ cache: new Keyv() }) } }),
  },
  { name: 'Redis', isRevocable: true, unavailable: await failureOf(probeRedis), open: openRedis },
  onTypeOrm('TypeORM on sql.js', sqljs, await failureOf(() => probe(sqljs))),
  onTypeOrm('TypeORM on better-sqlite3', sqlite, await failureOf(() => probe(sqlite))),
  {
    name: 'TypeORM on PostgreSQL',
    isRevocable: true,
    unavailable: await failureOf(() => probe(postgres)),
    open: openPostgres,
  },
];

async function openFiles(): Promise<OpenStore> {
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  return { session: { store: fileStore({ directory }) }, close: () => rm(directory, { recursive: true }) };
}

async function openRedis(): Promise<OpenStore> {
  const client = await redisClient();
  const prefix = `compat-${randomBytes(8).toString('hex')}:`;
  return {
    session: { store: redisStore({ client, prefix }) },
    close: async () => {
      for await (const keys of client.scanIterator({ MATCH: `*${prefix}*`, COUNT: 1000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
      await client.close();
    },
  };
}

/** The application's own DataSource, with the table that the migration makes. */
function onTypeOrm(name: string, options: DataSourceOptions, unavailable: string | undefined): Store {
  return { name, isRevocable: true, unavailable, open: async () => onDataSource(options) };
}

function onDataSource(options: DataSourceOptions): OpenStore {
  const migrated = {
    ...options,
    entities: [SessionEntity],
    migrations: [CreateSessions1735689600000],
    migrationsRun: true,
    retryAttempts: 0,
  };
  return { session: { store: typeOrmStore() }, imports: [TypeOrmModule.forRoot(migrated)] };
}

/** A database of its own, behind a cache. */
async function openPostgres(): Promise<OpenStore> {
  const database = `compat_${randomBytes(6).toString('hex')}`;
  await run(postgres, `CREATE DATABASE ${database}`);
  return {
    ...onDataSource({ ...postgres, database }),
    session: { store: cachedStore({ database: typeOrmStore() }) },
    close: () => run(postgres, `DROP DATABASE ${database} WITH (FORCE)`),
  };
}

async function probeRedis(): Promise<void> {
  const client = await redisClient();
  await client.close();
}

async function redisClient() {
  const client = createClient({
    url: redisUrl,
    socket: { connectTimeout: 10_000, reconnectStrategy: false },
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function probe(options: DataSourceOptions): Promise<void> {
  const dataSource = await new DataSource(options).initialize();
  await dataSource.destroy();
}

async function run(options: DataSourceOptions, sql: string): Promise<void> {
  const dataSource = await new DataSource(options).initialize();
  try {
    await dataSource.query(sql);
  } finally {
    await dataSource.destroy();
  }
}

async function failureOf(attempt: () => Promise<void>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return String(error instanceof Error ? error.message || error.name : error).split('\n', 1)[0];
  }
}
