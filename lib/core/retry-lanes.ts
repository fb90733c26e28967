import type { SessionRecord } from '../stores/session-record.js';
import { SerialQueue } from './serial-queue.js';

/** What the retries of one session share while there are any. */
export interface RetryLane {
  /** The record as the last of them left it, so that the next need not find out by another conflict. */
  latest: SessionRecord | undefined;
}

/** Has the retries of one session in this process wait for each other instead of meeting again. */
export class RetryLanes {
  readonly #lanes = new Map<string, RetryLane & { readonly queue: SerialQueue; users: number }>();

  async run<T>(id: string, retry: (lane: RetryLane) => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(id) ?? { queue: new SerialQueue(), latest: undefined, users: 0 };
    this.#lanes.set(id, lane);
    lane.users++;
    try {
      return await lane.queue.run(() => retry(lane));
    } finally {
      lane.users--;
      if (lane.users === 0) {
        this.#lanes.delete(id);
      }
    }
  }
}
