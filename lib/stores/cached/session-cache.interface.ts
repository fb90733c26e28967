/**
 * What `cachedStore()` asks of a cache. A `Keyv` and the `Cache` of cache-manager have it. Answers may be promises;
 * whatever goes wrong in them costs time and nothing else.
 *
 * @publicApi
 */
export interface SessionCache {
  /** The value, or anything else when there is none. */
  get(key: string): unknown;
  /** Keeps the value for at most `ttl` milliseconds, in place of the one before. */
  set(key: string, value: string, ttl: number): unknown;
  delete?(key: string): unknown;
  /** As `delete`, by the name that cache-manager gives it. */
  del?(key: string): unknown;
}
