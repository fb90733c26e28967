/** What the store asks of a Keyv, version 5 or 6. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/**
 * What the store can work with: the cache of `@nestjs/cache-manager` or of `createCache()`, with one store, or a Keyv.
 *
 * @publicApi
 */
export type CacheManagerLike = KeyvLike | { readonly stores: readonly KeyvLike[] };

/** A Keyv from within: the adapter that does the work. */
export interface OpenKeyv extends KeyvLike {
  getMany(keys: readonly string[]): Promise<readonly unknown[]>;
  readonly store: object;
  readonly opts?: object;
}
