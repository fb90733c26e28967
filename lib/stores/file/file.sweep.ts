import { join } from 'node:path';
import type { SessionRecord } from '../session-record.js';
import type { ClearExpiredOptions } from '../session-store.js';
import { isSessionId } from './file.layout.js';
import type { FileRecords } from './file.records.js';
import type { FileTools } from './held.record.js';
import type { UserHints } from './user.hints.js';
import { WorkSlots } from './work.slots.js';

const SHARD = /^[0-9a-f]{2}$/;
const ID_LENGTH = 32;
/** After that time, in milliseconds, nobody is writing it any more. */
const ABANDONED_AGE = 3_600_000;
/** Folders looked through, or sessions deleted, at once: enough to keep Node's four threads for files busy. */
const LANES = 16;

/** What the sweep works on. */
export interface SweepTools extends FileTools {
  readonly records: FileRecords;
  readonly hints: UserHints;
  readonly isExpired: (record: SessionRecord) => boolean;
  /** Deletes the session if it is still expired under its lock. Whether it did. */
  readonly clear: (id: string) => Promise<boolean>;
}

/**
 * Walks through the directory folder by folder and deletes what has expired, and what a crash has left behind: locks
 * and unfinished files of dead processes, and hints at sessions that are not there.
 */
export async function sweepDirectory(
  tools: SweepTools,
  { batchSize = 1000, onProgress, signal }: ClearExpiredOptions,
): Promise<number> {
  const size = Math.max(1, Math.floor(batchSize));
  let cleared = 0;
  let batch: string[] = [];
  const clearBatch = async () => {
    const answers = await inLanes(batch, tools.clear);
    cleared += answers.filter(Boolean).length;
    batch = [];
    onProgress?.(cleared);
  };

  await tools.records.confirmDirectory();
  for await (const id of expiredIds(tools, signal)) {
    batch.push(id);
    if (batch.length === size) await clearBatch();
    if (signal?.aborted) return cleared;
  }
  if (signal?.aborted) return cleared;
  if (batch.length > 0) await clearBatch();
  await sweepHints(tools, signal);
  await sweepMarkers(tools);
  return cleared;
}

async function* expiredIds(tools: SweepTools, signal?: AbortSignal): AsyncGenerator<string> {
  const { layout, files } = tools;
  for (const first of (await files.list(layout.root)).filter(isShard)) {
    if (signal?.aborted) return;
    const seconds = (await files.list(join(layout.root, first))).filter(isShard);
    yield* (await inLanes(seconds, (second) => sweepFolder(tools, join(layout.root, first, second)))).flat();
  }
}

/** Deletes what a crash has left behind in the folder. Which sessions in it have expired. */
async function sweepFolder({ files, records, isExpired }: SweepTools, folder: string): Promise<string[]> {
  const expired: string[] = [];
  for (const name of await files.list(folder)) {
    const id = name.slice(0, ID_LENGTH);
    if (!isSessionId(id)) continue;
    if (name === `${id}.json`) {
      const record = await records.read(id);
      if (record && isExpired(record)) expired.push(id);
    } else if (name.endsWith('.lock')) {
      await records.locks.sweep(id, join(folder, name));
    } else if (name.endsWith('.tmp')) {
      await records.hold(id, (held) => held.removeOrphan(join(folder, name)));
    }
  }
  return expired;
}

async function sweepHints(
  { layout, files, hints, records }: SweepTools,
  signal?: AbortSignal,
): Promise<void> {
  for await (const { id, remove } of hints.all()) {
    if (signal?.aborted) return;
    if (await files.exists(layout.record(id))) continue;
    // Under the lock, for a session that is being created has its hint before its file.
    const isSwept = await records.hold(id, async (held) => {
      if (!(await held.isTaken())) await remove();
      return true;
    });
    // Without even a folder nobody can be creating it: a folder comes before the hint.
    if (!isSwept) await remove();
  }
}

/** What the very first process left behind when it was killed while it made the directory. */
async function sweepMarkers({ layout, files }: SweepTools): Promise<void> {
  for (const name of (await files.list(layout.root)).filter((one) => one.endsWith('.tmp'))) {
    const path = join(layout.root, name);
    const time = await files.modifiedAt(path);
    if (time !== undefined && Date.now() - time > ABANDONED_AGE) await files.remove(path);
  }
}

/** Does the work for all of the items, as many at a time as there are lanes. */
function inLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const lanes = new WorkSlots(LANES);
  return Promise.all(items.map((item) => lanes.run(() => work(item))));
}

function isShard(name: string): boolean {
  return SHARD.test(name);
}
