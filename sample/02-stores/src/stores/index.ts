import { createKeyv } from '@keyv/redis';
import { CacheModule } from '@nestjs/cache-manager';
import { RedisStore as ConnectRedisStore } from 'connect-redis';
import { cachedStore, cookieStore, fileStore, memoryStore } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { expressSessionStore } from 'nest-sessions/express-session';
import { redisStore } from 'nest-sessions/redis';
import { typeOrmStore } from 'nest-sessions/typeorm';
import { sessionKeys } from './cookie-keys.js';
import { database } from './database.js';
import { dataPath } from './data-path.js';
import type { OpenedStore } from './opened-store.js';
import { connectRedis, redisUrl } from './redis-client.js';

interface StoreChoice {
  /** One line for `--help` and for the page. */
  summary: string;
  open(): OpenedStore | Promise<OpenedStore>;
}

export const stores = {
  memory: {
    summary: 'in this process; forgotten at a restart',
    open: () => ({ store: memoryStore({ max: 1000 }) }),
  },
  typeorm: {
    summary: 'in a table of SQLite, by TypeORM',
    open: () => ({ store: typeOrmStore(), imports: [database()] }),
  },
  redis: {
    summary: 'in Redis, each step one Lua script',
    open: async () => {
      const client = await connectRedis();
      return { store: redisStore({ client, prefix: 'sample-sessions:' }), close: () => client.close() };
    },
  },
  'cache-manager': {
    summary: "in the application's cache, here a Keyv on Redis",
    open: () => {
      const cache = createKeyv(redisUrl, { namespace: 'sample-cache' });
      return {
        store: cacheManagerStore(),
        imports: [CacheModule.register({ isGlobal: true, stores: [cache] })],
      };
    },
  },
  file: {
    summary: 'in files, flushed to the disk',
    open: () => ({ store: fileStore({ directory: dataPath('files') }) }),
  },
  cached: {
    summary: 'in SQLite, with copies of the data in memory',
    open: () => ({ store: cachedStore({ database: typeOrmStore() }), imports: [database()] }),
  },
  cookie: {
    summary: 'in the cookie, encrypted; a logout is not final',
    open: () => ({ store: cookieStore({ keys: sessionKeys() }) }),
  },
  'cookie-revocable': {
    summary: 'in the cookie, and in SQLite whether it is still good',
    open: () => ({
      store: cookieStore({ keys: sessionKeys(), revocation: typeOrmStore() }),
      imports: [database('live.sqlite')],
    }),
  },
  'express-session': {
    summary: 'in a store made for express-session, here connect-redis',
    open: async () => {
      const client = await connectRedis();
      const store = new ConnectRedisStore({ client, prefix: 'sample-express:' });
      return { store: expressSessionStore(store), close: () => client.close() };
    },
  },
} satisfies Record<string, StoreChoice>;

export type StoreName = keyof typeof stores;

export function isStoreName(name: string): name is StoreName {
  return Object.hasOwn(stores, name);
}
