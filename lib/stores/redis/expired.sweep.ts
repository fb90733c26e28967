import type { ClearExpiredOptions } from '../session-store.js';
import type { RedisConnection } from './redis.connection.js';
import { scripts } from './redis.scripts.js';

/** Keys that one SCAN looks at; more would hold up the server. */
const LARGEST_SCAN = 1000;

/** Deletes the records under a prefix that have expired by now, server by server, a batch of keys at a time. */
export async function sweepExpired(
  connection: RedisConnection,
  prefix: string,
  now: () => number,
  { batchSize = LARGEST_SCAN, onProgress, signal }: ClearExpiredOptions,
): Promise<number> {
  const size = Math.max(1, Math.floor(batchSize));
  const options = { MATCH: `${escapeGlob(prefix)}*`, COUNT: Math.min(size, LARGEST_SCAN) };
  let cleared = 0;
  for (const server of await connection.servers()) {
    let cursor = '0';
    do {
      if (signal?.aborted) return cleared;
      const page = await connection.within(server, (asked) => asked.scan(cursor, options));
      cursor = String(page.cursor);
      for (let start = 0; start < page.keys.length; start += size) {
        if (signal?.aborted) return cleared;
        const keys = page.keys.slice(start, start + size).map(String);
        const replies = await Promise.all(keys.map((key) => connection.run(scripts.clear, [key], [now()])));
        cleared += replies.filter(([status]) => status === 'written').length;
        onProgress?.(cleared);
      }
    } while (cursor !== '0');
  }
  return cleared;
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\^]/g, '\\$&');
}
