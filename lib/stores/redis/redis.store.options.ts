import type { RedisStoreClient } from './redis.client.js';

/**
 * Options of `redisStore()`.
 *
 * @publicApi
 */
export interface RedisStoreOptions {
  /** A client or a cluster of the package `redis`, connected by the application, which also closes it. */
  readonly client: RedisStoreClient;
  /**
   * What the names of all keys begin with. Applications that share a server need different ones. Default:
   * `nest-sessions:`. With a hash tag, such as `{sessions}:`, a cluster keeps all sessions on one node.
   */
  readonly prefix?: string;
  /** How long Redis may take to answer before that is an outage, in milliseconds. Default: 5000. */
  readonly timeout?: number;
}
