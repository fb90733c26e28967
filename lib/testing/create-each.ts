import assert from 'node:assert/strict';
import type { SessionRecord } from '../stores/session-record.js';
import type { SessionStore } from '../stores/session-store.js';

/** Records created at once: enough to keep a connection pool busy, few enough to leave open files alone. */
const LANES = 32;

/** Creates the records one by one, in the order given, `lanes` at a time. */
export async function createEach(
  store: SessionStore,
  records: readonly SessionRecord[],
  lanes = LANES,
): Promise<void> {
  const waiting = records.values();
  const createWaiting = async () => {
    for (const record of waiting) assert.equal(await store.create(record), true, 'a new record is created');
  };
  await Promise.all(Array.from({ length: lanes }, createWaiting));
}
