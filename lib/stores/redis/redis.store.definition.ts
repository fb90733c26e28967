import type { SessionStoreDefinition } from '../session-store.definition.js';
import { messages } from './redis.messages.js';
import { RedisStore } from './redis.store.js';
import type { RedisStoreOptions } from './redis.store.options.js';

const OPTIONS: ReadonlySet<string> = new Set([
  'client',
  'prefix',
  'timeout',
] satisfies (keyof RedisStoreOptions)[]);

/**
 * Keeps sessions in Redis, over a client, pool, cluster or sentinel of the package `redis` (node-redis 5 and later)
 * that the application has connected. Where the client is a provider, write
 * `{ inject: [REDIS], useFactory: (client) => new RedisStore(client) }` instead.
 *
 * Throws a `TypeError` for options that cannot be right. A client that is not connected, and a server that evicts
 * keys at will, fail the boot.
 *
 * @publicApi
 */
export function redisStore(options: RedisStoreOptions): SessionStoreDefinition {
  const unknown = Object.keys(options ?? {}).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new TypeError(messages.unknownOption(unknown));
  const { client, prefix, timeout } = options ?? {};
  // Here and not at boot, for the place in the application's code that the error points to.
  const store = new RedisStore(client, prefix, timeout);
  return { useFactory: () => store };
}
