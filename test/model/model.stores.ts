import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import session from 'express-session';
import { Keyv } from 'keyv';
import {
  cachedStore,
  fileStore,
  memoryStore,
  type SessionStore,
  type SessionStoreDefinition,
} from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { expressSessionStore } from 'nest-sessions/express-session';
import { redisStore } from 'nest-sessions/redis';
import { typeOrmStore } from 'nest-sessions/typeorm';
import { createClient } from 'redis';
import type { DataSourceOptions } from 'typeorm';
import { databases } from '../support/database-servers.js';
import { openSessionTable } from '../support/session-table.js';

/** Where sessions are kept, in words that another process understands. */
export type StorePlace =
  | { readonly kind: 'memory' | 'cacheManager' | 'expressSession' }
  | { readonly kind: 'file'; readonly directory: string }
  | { readonly kind: 'redis'; readonly url: string; readonly prefix: string }
  | { readonly kind: 'typeOrm' | 'cached'; readonly database: DataSourceOptions };

/** One application's access to it. */
export interface OpenedStore {
  readonly definition: SessionStoreDefinition;
  readonly close: () => Promise<unknown>;
}

/** A store that programs are run on. */
export interface ModelStore {
  readonly name: string;
  /** Whether several processes can share it. */
  readonly isShared: boolean;
  /** Whether it finds the sessions of a user. */
  readonly canList: boolean;
  /** Why it cannot be used here. */
  readonly unavailable?: string;
  readonly prepare: () => Promise<{ readonly place: StorePlace; readonly drop: () => Promise<unknown> }>;
}

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

export async function openStore(place: StorePlace): Promise<OpenedStore> {
  const nothing = async () => undefined;
  switch (place.kind) {
    case 'memory':
      return { definition: one(memoryStore()), close: nothing };
    case 'cacheManager':
      return { definition: one(cacheManagerStore({ cache: new Keyv() })), close: nothing };
    case 'expressSession':
      return { definition: one(expressSessionStore(new session.MemoryStore())), close: nothing };
    case 'file':
      return { definition: fileStore({ directory: place.directory }), close: nothing };
    case 'redis': {
      const client = await createClient({ url: place.url }).connect();
      return { definition: redisStore({ client, prefix: place.prefix }), close: () => client.close() };
    }
    default: {
      const dataSource = await openSessionTable(place.database);
      const database = typeOrmStore({ dataSource });
      return {
        definition: place.kind === 'cached' ? cachedStore({ database }) : database,
        close: () => dataSource.destroy(),
      };
    }
  }
}

/** A definition that makes one store, however many applications ask. */
function one(definition: SessionStoreDefinition): SessionStoreDefinition {
  const { useFactory, ...rest } = definition as Extract<SessionStoreDefinition, { useFactory: unknown }>;
  let made: SessionStore | Promise<SessionStore> | undefined;
  return { ...rest, useFactory: (...args: unknown[]) => (made ??= useFactory(...args)) };
}

function inProcess(name: string, kind: 'memory' | 'cacheManager' | 'expressSession'): ModelStore {
  const canList = kind === 'memory';
  return {
    name,
    isShared: false,
    canList,
    prepare: async () => ({ place: { kind }, drop: async () => undefined }),
  };
}

const files: ModelStore = {
  name: 'file',
  isShared: true,
  canList: true,
  prepare: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    return {
      place: { kind: 'file', directory },
      drop: () => rm(directory, { recursive: true, force: true }),
    };
  },
};

async function redis(): Promise<ModelStore> {
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } });
  client.on('error', () => undefined);
  const unavailable = await client.connect().then(
    () => undefined,
    (error: Error) => `no Redis at ${url}: ${error.message}`,
  );
  client.destroy();
  return {
    name: 'redis',
    isShared: true,
    canList: true,
    ...(unavailable !== undefined && { unavailable }),
    prepare: async () => {
      const prefix = `model-${randomBytes(8).toString('hex')}:`;
      return { place: { kind: 'redis', url, prefix }, drop: () => removeKeys(prefix) };
    },
  };
}

async function removeKeys(prefix: string): Promise<void> {
  const client = await createClient({ url }).connect();
  for await (const keys of client.scanIterator({ MATCH: `*${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  await client.close();
}

const DATABASES = { 'better-sqlite3': 'sqlite', postgres: 'postgres', mariadb: 'mariadb' } as const;

function onDatabases(kind: 'typeOrm' | 'cached', prefix: string): ModelStore[] {
  return databases
    .filter(({ inMemory }) => !inMemory)
    .map(({ type, unavailable, create }) => ({
      name: prefix + DATABASES[type],
      isShared: true,
      canList: true,
      ...(unavailable !== undefined && { unavailable }),
      prepare: async () => {
        const { options, drop } = await create();
        return { place: { kind, database: options }, drop };
      },
    }));
}

/** Every store that keeps its sessions on the server. */
export const modelStores: readonly ModelStore[] = [
  inProcess('memory', 'memory'),
  inProcess('cache-manager', 'cacheManager'),
  inProcess('express-session', 'expressSession'),
  files,
  await redis(),
  ...onDatabases('typeOrm', ''),
  ...onDatabases('cached', 'cached-'),
];
