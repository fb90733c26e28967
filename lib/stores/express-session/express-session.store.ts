import type { SessionRecord } from '../session-record.js';
import { SessionStore } from '../session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionRotation,
  SessionSource,
  SessionStoreContext,
} from '../session-store.js';
import { DestroyedIds } from './destroyed.ids.js';
import { ExpressSessionClient } from './express-session.client.js';
import type { ExpressSessionStoreLike } from './express-session.like.js';
import { inTime } from '../session-in-time.js';
import { SessionLocks } from '../session-locks.js';

const COMMITTED = { outcome: 'committed' } as const;
const GONE = { outcome: 'gone' } as const;

/** How long writers wait for a verb that the store has not answered in time, in milliseconds. */
const LONGEST_HOLD = 60_000;
/** What Node's timers can count, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Options of `expressSessionStore()`.
 *
 * @publicApi
 */
export interface ExpressSessionStoreOptions {
  /**
   * Whether `clearExpired()` looks through the store's `all()`, which reads every session at once: only for small
   * stores that never drop anything by themselves. Default: `false`, expired sessions are left to the store.
   */
  readonly sweep?: boolean;
  /**
   * How long a verb may take before that is an outage, in milliseconds: most of these stores wait on and on. Default: 5000.
   */
  readonly timeout?: number;
}

/**
 * Any express-session store behind the contract of {@link SessionStore}. Made by `expressSessionStore()`, which tells
 * its limits. Every conditional verb reads the record again and writes it, holding off the others in this process.
 *
 * @publicApi
 */
export class ExpressSessionStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities = {
    atomicCommit: 'this-process',
    userIndex: false,
    revocable: true,
  } as const;

  private readonly sessions: ExpressSessionClient;
  private readonly sweep: boolean;
  private readonly timeout: number;
  private readonly locks = new SessionLocks();
  private readonly destroyed = new DestroyedIds(() => this.now());
  private now: () => number = Date.now;

  /** @param store Stays the caller's: what it holds open is for the caller to close. */
  constructor(
    store: ExpressSessionStoreLike,
    { sweep = false, timeout = 5000 }: ExpressSessionStoreOptions = {},
  ) {
    super();
    this.sessions = new ExpressSessionClient(store);
    this.sweep = sweep;
    this.timeout = timeout;
    this.name = `express-session (${store.constructor?.name || 'store'})`;
  }

  override open(context: SessionStoreContext): void {
    this.now = context.now;
  }

  override load(id: string): Promise<SessionRecord | undefined> {
    return this.answered(() => this.find(id));
  }

  override create(record: SessionRecord): Promise<boolean> {
    const created = { ...record };
    return this.exclusively([created.id], async (goOn) => {
      const before = await this.sessions.read(created.id);
      if (this.destroyed.has(created.id) || (before && this.isAlive(before))) return false;
      goOn();
      await this.sessions.write(created, this.now());
      return true;
    });
  }

  override commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    return this.exclusively([id], async (goOn) => {
      const record = await this.find(id);
      if (!record) return GONE;
      if (record.version !== expectedVersion) return { outcome: 'conflict', fresh: record };
      goOn();
      return this.writeChange(record, change);
    });
  }

  override commitExclusively(
    id: string,
    rebase: (fresh: SessionRecord) => { change: SessionChange; source?: SessionSource },
  ): Promise<CommitResult> {
    return this.exclusively([id], async (goOn) => {
      const record = await this.find(id);
      if (!record) return GONE;
      goOn();
      return this.writeChange(record, rebase({ ...record }).change);
    });
  }

  override replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    const successor = { ...record };
    return this.exclusively([id, successor.id], async (goOn) => {
      const old = await this.find(id);
      if (!old) return GONE;
      if (old.version !== expectedVersion) return { outcome: 'conflict', fresh: old };
      if (await this.isTaken(successor.id)) {
        throw new Error(`A session with the id ${successor.id} already exists.`);
      }
      goOn();
      await this.sessions.write(successor, this.now());
      try {
        goOn();
        await this.kill(id);
      } catch (error) {
        // The old session has stayed, so the new one must not. The first error is the one to tell.
        this.destroyed.add(successor.id);
        await this.sessions.remove(successor.id).catch(() => undefined);
        throw error;
      }
      return COMMITTED;
    });
  }

  override touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    const { lastSeenAt, expiresAt } = activity;
    return this.exclusively([id], async (goOn) => {
      const record = await this.find(id);
      if (record?.version !== expectedVersion) return false;
      goOn();
      await this.sessions.write({ ...record, lastSeenAt, expiresAt }, this.now());
      return true;
    });
  }

  override rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    const { secretHash, previousUntil } = rotation;
    return this.exclusively([id], async (goOn) => {
      const record = await this.find(id);
      if (record?.secretHash !== expectedHash) return false;
      goOn();
      const rotated = { ...record, secretHash, previousUntil, previousHash: expectedHash };
      await this.sessions.write(rotated, this.now());
      return true;
    });
  }

  override destroy(id: string): Promise<boolean> {
    return this.exclusively([id], async () => {
      if (!(await this.find(id))) return false;
      await this.kill(id);
      return true;
    });
  }

  override async clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    const { onProgress, signal } = options;
    const batchSize = Math.max(1, Math.floor(options.batchSize ?? 1000));
    if (!this.sweep || signal?.aborted) return 0;
    const records = (await this.answered(() => this.sessions.readAll())) ?? [];
    const ids = records.filter((record) => record.expiresAt <= this.now()).map((record) => record.id);
    let cleared = 0;
    for (let start = 0; start < ids.length; start += batchSize) {
      if (signal?.aborted) break;
      for (const id of ids.slice(start, start + batchSize)) cleared += await this.removeExpired(id);
      onProgress?.(cleared);
    }
    return cleared;
  }

  private async find(id: string): Promise<SessionRecord | undefined> {
    const record = await this.sessions.read(id);
    return record && this.isAlive(record) ? record : undefined;
  }

  /**
   * Holds off the other writers of this process until the store has answered, also when nobody waits for that any more,
   * but not for ever: it may have lost the question. `work` calls what it is given before it changes anything, which ends
   * it when whoever has asked is gone; what only ends sessions goes on.
   */
  private exclusively<T>(ids: readonly string[], work: (goOn: () => void) => Promise<T>): Promise<T> {
    const longest = Math.min(this.timeout + LONGEST_HOLD, LONGEST_TIMER);
    return this.answered((isLate) =>
      this.locks.run(ids, () =>
        inTime(longest, this.tooLate, () =>
          work(() => {
            if (isLate()) throw new Error(this.tooLate);
          }),
        ),
      ),
    );
  }

  private answered<T>(work: (isLate: () => boolean) => Promise<T>): Promise<T> {
    return inTime(this.timeout, this.tooLate, work);
  }

  private get tooLate(): string {
    return `The express-session store has not answered within ${this.timeout} ms.`;
  }

  private isAlive({ id, expiresAt }: SessionRecord): boolean {
    return expiresAt > this.now() && !this.destroyed.has(id);
  }

  private async isTaken(id: string): Promise<boolean> {
    return this.destroyed.has(id) || (await this.sessions.read(id)) !== undefined;
  }

  private async writeChange(record: SessionRecord, change: SessionChange): Promise<CommitResult> {
    const { data, lastSeenAt, expiresAt } = change;
    const version = record.version + 1;
    await this.sessions.write({ ...record, data, lastSeenAt, expiresAt, version }, this.now());
    return COMMITTED;
  }

  /** Removes the session and remembers that it is dead, whatever the store brings back. */
  private async kill(id: string): Promise<void> {
    this.destroyed.add(id);
    try {
      await this.sessions.remove(id);
    } catch (error) {
      this.destroyed.remove(id);
      throw error;
    }
  }

  /** Asks for the expiry again, so that a session touched since it was listed stays. */
  private removeExpired(id: string): Promise<number> {
    return this.exclusively([id], async () => {
      const record = await this.sessions.read(id);
      if (!record || record.expiresAt > this.now()) return 0;
      await this.sessions.remove(id);
      return 1;
    });
  }
}
