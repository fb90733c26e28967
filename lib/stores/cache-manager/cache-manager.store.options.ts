import type { CacheManagerLike } from './cache-manager.cache.js';

/**
 * Options of `cacheManagerStore()`.
 *
 * @publicApi
 */
export interface CacheManagerStoreOptions {
  /** A cache with one store, or a Keyv. Default: the cache of the application's global `CacheModule`. */
  readonly cache?: CacheManagerLike;
  /**
   * What the keys of sessions begin with, after the namespace of the Keyv. Applications that share a cache need
   * different ones. Default: `nest-sessions:`.
   */
  readonly prefix?: string;
  /** How long a verb may take before that is an outage, in milliseconds. Default: 5000. */
  readonly timeout?: number;
}
