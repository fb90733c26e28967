import type { SessionStoreDefinition, SessionStoreOption } from '../session-store.definition.js';
import type { SessionStore } from '../session-store.js';
import { CachedStore } from './cached.store.js';
import { compose, isDefinition, storeDefinition } from '../session-store.composition.js';
import type { Definition } from '../session-store.composition.js';
import { memoryCache } from './memory.cache.js';
import type { SessionCache } from './session-cache.interface.js';

/**
 * What the option `cache` takes: a cache, or how Nest finds or makes one, such as `{ useExisting: CACHE_MANAGER }`.
 *
 * @publicApi
 */
export type SessionCacheOption = SessionCache | Definition<SessionCache>;

/**
 * Options of {@link cachedStore}.
 *
 * @publicApi
 */
export interface CachedStoreOptions {
  /** Where the sessions are: the same forms as the module's option `store`. It must have `peek`, as TypeORM's has. */
  readonly database: SessionStoreOption;
  /** Where copies of their data are kept. Default: `memoryCache()`, in this process. */
  readonly cache?: SessionCacheOption;
}

const OPTIONS: ReadonlySet<string> = new Set(['database', 'cache']);

/**
 * Keeps sessions in a database, and copies of their data in a cache:
 *
 * ```ts
 * cachedStore({ database: typeOrmStore() })
 * cachedStore({ database: typeOrmStore(), cache: new Keyv(new KeyvRedis(url)) })
 * cachedStore({ database: typeOrmStore(), cache: { useExisting: CACHE_MANAGER } })
 * ```
 *
 * The database is the truth. Every use of a session asks it whether the session is alive and in which version, without
 * reading the data; the data of that version then comes from the cache. So a logged-out session is never served again,
 * whoever ended it, and a cache that fails, hangs or answers with something old changes the speed and nothing else:
 * it may take 200 ms, and after a failure it is left alone for a second.
 *
 * What is saved is the reading and the transfer of the data, never the question to the database. Up to about 2 KB of
 * data that is nothing, and this store is not worth having; from about 20 KB on it is half of the read and more. The
 * default cache needs no network and is the fastest. One on a server adds a round trip to every read, and pays from
 * about 200 KB on.
 *
 * Limits. Entries live an hour at the most; what a lost delete leaves behind is not served, but stays readable in the
 * cache for so long. After restoring the database from a backup, or a failover that lost commits, empty the cache:
 * versions may be given a second time. Several processes need a database that compares and swaps everywhere.
 *
 * Throws a `TypeError` for options that are missing, unknown or of no use. A database without `peek` fails the boot.
 *
 * @publicApi
 */
export function cachedStore(options: CachedStoreOptions): SessionStoreDefinition {
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new TypeError(`cachedStore: unknown option ${unknown.join(', ')}.`);
  const database = databaseDefinition(options.database);
  const cache = cacheDefinition(options.cache);
  return compose(database, cache, (store, kept) => new CachedStore(store, checkedCache(kept)));
}

function databaseDefinition(option: SessionStoreOption): Definition<SessionStore> {
  const definition = storeDefinition(option);
  if (definition) return definition;
  throw new TypeError(
    'cachedStore: `database` must be a definition such as typeOrmStore(), a SessionStore class or instance, or a ' +
      'provider form (useClass, useFactory, useExisting, useValue).',
  );
}

function cacheDefinition(option: SessionCacheOption | undefined): Definition<SessionCache> {
  if (option === undefined) return { useFactory: () => memoryCache() };
  if (isDefinition(option)) return option as Definition<SessionCache>;
  return { useValue: checkedCache(option as SessionCache) };
}

function checkedCache(cache: SessionCache): SessionCache {
  const { get, set, delete: remove, del } = (cache ?? {}) as Partial<SessionCache>;
  if ([get, set, remove ?? del].every((verb) => typeof verb === 'function')) return cache;
  throw new TypeError(
    'cachedStore: `cache` must have get, set and delete (or del), as a Keyv and the cache of cache-manager have, or ' +
      'be a provider form (useClass, useFactory, useExisting, useValue) of one.',
  );
}
