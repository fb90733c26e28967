/** Keys and arguments of a script, as node-redis takes them. */
export interface RedisScriptCall {
  keys: string[];
  arguments: string[];
}

/**
 * What the store asks of a Redis client. `createClient()`, `createClientPool()`, `createCluster()` and
 * `createSentinel()` of the package `redis` (5 and later) give one.
 *
 * @publicApi
 */
export interface RedisStoreClient {
  readonly isOpen: boolean;
  evalSha(sha: string, call: RedisScriptCall): Promise<unknown>;
  eval(script: string, call: RedisScriptCall): Promise<unknown>;
}

/** One server: what a client is, and a cluster is made of. */
export interface RedisServer {
  scan(
    cursor: string,
    options: { MATCH: string; COUNT: number },
  ): Promise<{ cursor: unknown; keys: readonly unknown[] }>;
  configGet(parameters: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
}

/** What only a cluster has. */
export interface RedisServers<Master = unknown> {
  readonly masters: readonly Master[];
  nodeClient(master: Master): RedisServer | Promise<RedisServer>;
}
