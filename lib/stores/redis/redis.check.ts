import { Logger } from '@nestjs/common';
import { isReply } from './redis.connection.js';
import type { RedisConnection } from './redis.connection.js';
import { messages } from './redis.messages.js';

/** What never evicts a key. */
const KEEPING = 'noeviction';

/**
 * Refuses servers that drop any key when their memory is full, and warns of those that drop keys which expire. A
 * server that may not be asked, or has no limit, passes.
 */
export async function checkEviction(connection: RedisConnection): Promise<void> {
  for (const server of await connection.servers()) {
    const config = await connection
      .within(server, (asked) => asked.configGet(['maxmemory', 'maxmemory-policy']))
      .catch((): Record<string, unknown> => ({}));
    const policy = String(config['maxmemory-policy'] ?? KEEPING);
    const isLimited = String(config['maxmemory'] ?? '0') !== '0';
    if (!isLimited || policy === KEEPING) continue;
    if (policy.startsWith('allkeys-')) throw new Error(messages.evicting(policy));
    new Logger('RedisStore').warn(messages.evicting(policy));
  }
}

/** Makes an error of Redis that comes from the set-up say so. */
export function explained(error: unknown): unknown {
  return isReply(error, 'MOVED') ? new Error(messages.clusterClientNeeded(), { cause: error }) : error;
}
