import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import session from 'express-session';
import { Keyv } from 'keyv';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { expressSessionStore, type ExpressSessionStoreLike } from 'nest-sessions/express-session';
import { describeEachDatabase } from './databases.js';
import { connectRedis, keyvInRedis, redisHash } from './raw-redis.js';
import { postgresJson, sessionRow } from './raw-sql.js';
import { inExpress, inKeyv, type RawStore } from './raw-store.js';
import { describeWithRedis } from './redis-servers.js';

// It comes without types.
const require = createRequire(import.meta.url);
const FileStore: new (options: object) => ExpressSessionStoreLike = require('session-file-store')(session);

async function keyvInMemory(): Promise<RawStore> {
  const kept = new Map<string, string>();
  const keys = (id: string) => ({ record: `keyv:app:s:${id}`, licence: `keyv:app:l:${id}` });
  return {
    ...inKeyv,
    definition: cacheManagerStore({ cache: new Keyv({ store: kept }), prefix: 'app:' }),
    take: async (id) => {
      const { record, licence } = keys(id);
      return { record: Buffer.from(kept.get(record)!), licence: Buffer.from(kept.get(licence)!) };
    },
    put: async (id, pieces) => {
      for (const [name, key] of Object.entries(keys(id))) kept.set(key, pieces[name]!.toString());
      return true;
    },
    close: async () => undefined,
  };
}

async function sessionFiles(): Promise<RawStore> {
  const path = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  const file = (id: string) => join(path, `${id}.json`);
  const options = { path, retries: 0, reapInterval: -1, logFn: () => undefined };
  return {
    ...inExpress,
    definition: expressSessionStore(new FileStore(options)),
    take: async (id) => ({ session: await readFile(file(id)) }),
    put: (id, { session: text }) => writeFile(file(id), text!).then(() => true),
    close: () => rm(path, { recursive: true }),
  };
}

/** Defines tests for every store whose storage belongs to somebody else, and can be reached past the store. */
export function describeRawStores(title: string, define: (open: () => Promise<RawStore>) => void): void {
  describe(`${title} (cache-manager in memory)`, () => define(keyvInMemory));
  describe(`${title} (session-file-store)`, () => define(sessionFiles));
  describeWithRedis(`${title} (cache-manager on Redis)`, () => define(keyvInRedis));
  describeWithRedis(`${title} (Redis)`, () => define(redisHash));
  describeWithRedis(`${title} (connect-redis)`, () => define(connectRedis));
  describeEachDatabase(
    `${title} (connect-pg-simple)`,
    (database) => define(() => postgresJson(database)),
    ({ type }) => type === 'postgres',
  );
  describeEachDatabase(
    `${title} (TypeORM)`,
    (database) => define(() => sessionRow(database)),
    ({ inMemory }) => !inMemory,
  );
}
