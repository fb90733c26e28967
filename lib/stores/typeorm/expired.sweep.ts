import { setTimeout as delay } from 'node:timers/promises';
import type { ClearExpiredOptions } from '../session-store.js';
import type { StatementExecutor } from './statement.executor.js';
import { bind } from './statement.builder.js';
import { MAX_IDS } from './typeorm.statements.js';
import type { TypeOrmStatements } from './typeorm.statements.js';

/**
 * How long one step may take, in milliseconds, and how few records it takes even so: from there on, what a statement
 * costs by itself is most of the work.
 */
const PACES = {
  /** The event loop stands still meanwhile. */
  blocking: { longest: 2, smallest: 8 },
  /** The server has others to serve meanwhile. */
  pooled: { longest: 10, smallest: 100 },
};

/**
 * Deletes what has expired by now, oldest first: select some ids, delete those that are still expired, pause for as long
 * as that took. A step grows while it is quick, up to `batchSize`, so that requests need not wait for a long one.
 */
export async function sweepExpired(
  executor: StatementExecutor,
  statements: TypeOrmStatements,
  now: number,
  { batchSize = 1000, onProgress, signal }: ClearExpiredOptions,
): Promise<number> {
  const { longest, smallest } = executor.blocking ? PACES.blocking : PACES.pooled;
  const largest = Math.max(1, Math.min(Math.floor(batchSize), MAX_IDS));
  const least = Math.min(smallest, largest);
  let size = least;
  let cleared = 0;
  for (;;) {
    if (signal?.aborted) break;
    const start = performance.now();
    const rows = await executor.read(bind(statements.selectExpired(size), { '@now': now }));
    const ids = rows.flatMap((row) => Object.values(row) as string[]);
    if (ids.length === 0) break;
    cleared += await executor.write(statements.deleteExpired(ids, now));
    onProgress?.(cleared);
    if (ids.length < size) break;

    const took = performance.now() - start;
    size = took > longest ? Math.max(Math.floor(size / 2), least) : Math.min(size * 2, largest);
    // An abort ends the pause, and the loop above.
    await delay(took, undefined, signal && { signal }).catch(() => undefined);
  }
  return cleared;
}
