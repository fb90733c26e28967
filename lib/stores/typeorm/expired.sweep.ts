import { setTimeout as delay } from 'node:timers/promises';
import type { ClearExpiredOptions } from '../session-store.js';
import type { StatementExecutor } from './statement.executor.js';
import { bind } from './statement.builder.js';
import { MAX_IDS } from './typeorm.statements.js';
import type { TypeOrmStatements } from './typeorm.statements.js';

/** How long one step may hold up the event loop where the driver is synchronous, in milliseconds. */
const BLOCKING_STEP = 2;
const SMALLEST_STEP = 8;

/**
 * Deletes what has expired by now, oldest first: select some ids, delete those that are still expired, breathe.
 * Where a statement holds up the event loop, a step shrinks to about two milliseconds of work, and the pause after it
 * is as long.
 */
export async function sweepExpired(
  executor: StatementExecutor,
  statements: TypeOrmStatements,
  now: number,
  { batchSize = 1000, onProgress, signal }: ClearExpiredOptions,
): Promise<number> {
  const largest = Math.max(1, Math.min(Math.floor(batchSize), MAX_IDS));
  let size = executor.blocking ? Math.min(SMALLEST_STEP, largest) : largest;
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
    await delay(executor.blocking ? took : 0);
    if (executor.blocking) size = took > BLOCKING_STEP ? smaller(size, largest) : Math.min(size * 2, largest);
  }
  return cleared;
}

function smaller(size: number, largest: number): number {
  return Math.min(Math.max(Math.floor(size / 2), SMALLEST_STEP), largest);
}
