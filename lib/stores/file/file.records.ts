import { SessionLocks } from '../session-locks.js';
import type { SessionRecord } from '../session-record.js';
import { decodeRecord } from './file.codec.js';
import { isSessionId } from './file.layout.js';
import { FileLocks } from './file.locks.js';
import type { LockTimings } from './file.locks.js';
import { messages } from './file.messages.js';
import { HeldRecord } from './held.record.js';
import type { FileTools } from './held.record.js';

/** The files of the sessions: reading them freely, and whatever else only under their locks. */
export class FileRecords {
  readonly locks: FileLocks;
  /** Those of this process wait here and not in front of their own lock. */
  private readonly queue = new SessionLocks();

  constructor(
    private readonly tools: FileTools,
    timings?: LockTimings,
  ) {
    this.locks = new FileLocks(tools.layout, timings);
  }

  /** The record, also an expired one; `undefined` when there is none that can be read. */
  async read(id: string): Promise<SessionRecord | undefined> {
    if (!isSessionId(id)) return undefined;
    const { layout, files, quarantine } = this.tools;
    const bytes = await files.read(layout.record(id));
    if (!bytes) {
      await this.confirmDirectory();
      return undefined;
    }
    const record = decodeRecord(bytes, id);
    if (record) return record;
    try {
      // Looks again under the lock.
      return await this.hold(id, (held) => held.read());
    } catch (error) {
      quarantine.failed(id, error);
      return undefined;
    }
  }

  /** Runs `work` under the lock of the session; `undefined` when there is none of that id, nor ever was. */
  async hold<T>(id: string, work: (held: HeldRecord) => Promise<T>): Promise<T | undefined> {
    if (!isSessionId(id)) return undefined;
    return this.queue.run([id], async () => {
      const lock = await this.locks.acquire(id);
      if (!lock) {
        await this.confirmDirectory();
        return undefined;
      }
      try {
        return await work(new HeldRecord(id, lock, this.tools));
      } finally {
        await lock.release();
      }
    });
  }

  /** Runs `work` under the lock of a session that may be new. */
  async establish<T>(id: string, work: (held: HeldRecord) => Promise<T>): Promise<T> {
    const run = () => this.hold(id, async (held) => ({ result: await work(held) }));
    const done = (await run()) ?? (await this.makeFolder(id), await run());
    if (!done) throw new Error(messages.lost(this.tools.layout.root));
    return done.result;
  }

  /** Runs `work` under the locks of a session and of the one that is to replace it, always taken in the same order. */
  async holdBoth<T>(
    id: string,
    successorId: string,
    work: (held: HeldRecord, successor: HeldRecord) => Promise<T>,
  ): Promise<T | undefined> {
    if (id < successorId) {
      return this.hold(id, (held) => this.establish(successorId, (successor) => work(held, successor)));
    }
    return this.establish(successorId, (successor) => this.hold(id, (held) => work(held, successor)));
  }

  /** @throws when the directory is not the one that was opened: without it, nothing is known of any session. */
  async confirmDirectory(): Promise<void> {
    const { layout, files } = this.tools;
    if (!(await files.exists(layout.marker))) throw new Error(messages.lost(layout.root));
  }

  private async makeFolder(id: string): Promise<void> {
    await this.tools.files.makeFolder(this.tools.layout.folder(id));
  }
}
