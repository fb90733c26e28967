import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSourceOptions } from 'typeorm';
import { databases } from '../support/database-servers.js';
import { PATIENT } from '../support/patience.js';
import type { Place } from '../support/place.js';
import { openSessionTable } from '../support/session-table.js';
import { ownPrefix, redisClient, redisUnavailable, redisUrl, removeKeys } from '../support/shared-redis.js';

/** Where the sessions of one soak are, and how to be rid of it. */
export interface Scratch {
  readonly place: Place;
  readonly drop: () => Promise<unknown>;
}

/** A kind of store to be soaked. */
export interface SoakStore {
  readonly name: string;
  /** Why it cannot be used here. */
  readonly unavailable?: string | undefined;
  readonly make: () => Promise<Scratch>;
}

/** How many connections an application has to its database: always all, so that each that is more was leaked. */
const CONNECTIONS = 4;

/** So little that it is full before anything is judged. */
const CACHE = 50_000;

export const soakStores: readonly SoakStore[] = [
  { name: 'memory', make: async () => ({ place: { kind: 'memory' }, drop: async () => undefined }) },
  {
    name: 'file',
    make: async () => {
      const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
      return {
        place: { kind: 'file', directory },
        drop: () => rm(directory, { recursive: true, force: true }),
      };
    },
  },
  onDatabase('sqlite', 'better-sqlite3', (database) => ({ kind: 'typeOrm', database })),
  onDatabase('postgres', 'postgres', (database) => ({ kind: 'typeOrm', database })),
  {
    name: 'redis',
    unavailable: redisUnavailable,
    make: async () => {
      const prefix = ownPrefix();
      return { place: { kind: 'redis', url: redisUrl, prefix }, drop: () => removeAll(prefix) };
    },
  },
  onDatabase('cached', 'postgres', (database) => ({
    kind: 'cached',
    database,
    cache: { characters: CACHE },
  })),
];

function onDatabase(
  name: string,
  type: 'better-sqlite3' | 'postgres',
  placeOn: (database: DataSourceOptions) => Place,
): SoakStore {
  const { create, unavailable } = databases.find((each) => each.type === type && !each.inMemory)!;
  return {
    name,
    unavailable,
    make: async () => {
      const { options, drop } = await create();
      const dataSource = await openSessionTable(options);
      await dataSource.destroy();
      return { place: placeOn(type === 'postgres' ? withAllConnections(options) : options), drop };
    },
  };
}

function withAllConnections(options: DataSourceOptions): DataSourceOptions {
  const extra = {
    ...options.extra,
    max: CONNECTIONS,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: PATIENT,
  };
  return { ...options, extra } as DataSourceOptions;
}

async function removeAll(prefix: string): Promise<void> {
  const client = await redisClient();
  await removeKeys(client, prefix);
  await client.close();
}
