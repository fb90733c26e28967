import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClearExpiredOptions } from '../session-store.js';

/** The map behind a Keyv that keeps its entries in memory, where nothing expires unless it is asked for. */
export function memoryOf(adapter: object): ReadonlyMap<unknown, unknown> | undefined {
  if (adapter instanceof Map) return adapter;
  const inner: unknown = 'store' in adapter ? adapter.store : undefined;
  return inner instanceof Map ? inner : undefined;
}

/** Clears the sessions of a map in batches. `clear` tells whether it has deleted the session. */
export async function sweepMemory(
  memory: ReadonlyMap<unknown, unknown>,
  prefix: string,
  clear: (id: string) => Promise<boolean>,
  { batchSize = 1000, onProgress, signal }: ClearExpiredOptions,
): Promise<number> {
  const ids = [...idsIn(memory, prefix)];
  const size = Math.max(1, Math.floor(batchSize));
  let cleared = 0;
  for (let start = 0; start < ids.length; start += size) {
    if (start > 0) await nextTurn();
    if (signal?.aborted) break;
    const deleted = await Promise.all(ids.slice(start, start + size).map(clear));
    cleared += deleted.filter(Boolean).length;
    onProgress?.(cleared);
  }
  return cleared;
}

/** Keys are told by how they end; Keyv puts its namespace before them. */
function idsIn(memory: ReadonlyMap<unknown, unknown>, prefix: string): Set<string> {
  const ids = new Set<string>();
  for (const key of memory.keys()) {
    const id = String(key).slice(-32);
    if (
      /^[0-9a-f]{32}$/.test(id) &&
      [`${prefix}s:${id}`, `${prefix}l:${id}`].some((end) => String(key).endsWith(end))
    ) {
      ids.add(id);
    }
  }
  return ids;
}
