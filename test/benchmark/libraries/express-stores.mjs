import session from 'express-session';
import { pgPool, redisClient, watchSql } from '../support/backends.mjs';

const VERBS = ['get', 'set', 'touch', 'destroy'];

/** The store of express-session that is usual for a kind of backend. */
export async function expressStore({ store, scratch, operations }) {
  switch (store) {
    case 'memory':
      return watched(new session.MemoryStore(), operations);
    case 'files': {
      const FileStore = (await import('session-file-store')).default(session);
      const path = `${scratch.directory}/session-file-store`;
      return watched(new FileStore({ path, logFn: () => undefined, reapInterval: -1 }), operations);
    }
    case 'redis': {
      const { RedisStore } = await import('connect-redis');
      return new RedisStore({ client: await redisClient(), prefix: `${scratch.prefix}connect-redis:` });
    }
    case 'postgres': {
      const PgStore = (await import('connect-pg-simple')).default(session);
      watchSql(operations, 'postgres');
      return new PgStore({ pool: pgPool(scratch), createTableIfMissing: true });
    }
  }
}

function watched(store, operations) {
  operations.watch(store, VERBS);
  return store;
}
