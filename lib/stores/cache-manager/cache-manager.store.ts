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
import type { OpenKeyv, CacheManagerLike } from './cache-manager.cache.js';
import { keyvOf } from './cache-manager.check.js';
import { messages } from './cache-manager.messages.js';
import { Deadline } from './deadline.js';
import { HonestKeyv } from './honest.keyv.js';
import { SessionLocks } from '../session-locks.js';
import { memoryOf, sweepMemory } from './memory.sweep.js';
import { SessionEntries } from './session.entries.js';
import type { SessionEntry } from './session.entries.js';

const COMMITTED = { outcome: 'committed' } as const;
const GONE = { outcome: 'gone' } as const;

/**
 * Keeps sessions in a cache of cache-manager, through the Keyv under it: two entries each, the record and its licence
 * to live. A record is alive only with its licence, both are read in one call, and the licence is written once, when
 * the session is created. So a session ends when its licence is deleted, which exactly one caller can do, and a write
 * in flight brings back a record without one: it stays dead. A cache that evicts the licence logs the user out, and
 * never back in.
 *
 * A cache has no compare-and-swap. Writers of one session take turns within this process; between processes, a commit
 * or a renewal that falls between the reading and the writing of another is overwritten.
 *
 * The cache knows no users: `findByUser` and `destroyByUser` are not there. A session without an absolute limit lives
 * for 400 days at most.
 *
 * Made by `cacheManagerStore()`.
 *
 * @publicApi
 */
export class CacheManagerStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities = {
    atomicCommit: 'this-process',
    userIndex: false,
    revocable: true,
  } as const;

  private now: () => number = Date.now;
  private readonly keyv: HonestKeyv;
  private readonly mutex = new SessionLocks();
  private readonly memory: ReadonlyMap<unknown, unknown> | undefined;

  /**
   * @param cache Stays the application's: the store does not disconnect it.
   * @param prefix What the keys of sessions begin with.
   * @param timeout How long a verb may take before that is an outage, in milliseconds.
   */
  constructor(
    cache: CacheManagerLike,
    private readonly prefix = 'nest-sessions:',
    private readonly timeout = 5000,
  ) {
    super();
    if (typeof prefix !== 'string') throw new TypeError(messages.wrongPrefix());
    if (!Number.isFinite(timeout) || timeout <= 0) throw new TypeError(messages.wrongTimeout(timeout));
    const keyv: OpenKeyv = keyvOf(cache);
    this.keyv = new HonestKeyv(keyv);
    this.memory = memoryOf(keyv.store);
    this.name = `cache-manager (${this.memory ? 'memory' : this.keyv.adapterName})`;
  }

  /** Fails where the cache does not answer. */
  override async open(context: SessionStoreContext): Promise<void> {
    this.now = context.now;
    await this.load('0'.repeat(32));
  }

  override load(id: string): Promise<SessionRecord | undefined> {
    return this.within(async (entries) => {
      const [entry] = await entries.read(id);
      return this.alive(entry);
    });
  }

  override create(record: SessionRecord): Promise<boolean> {
    return this.exclusively(record.id, async (entries) => {
      const [before] = await entries.read(record.id);
      if (this.alive(before) || this.isBeginning(before)) return false;
      await entries.write(record);
      await entries.license(record);
      return true;
    });
  }

  override commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    return this.exclusively(id, async (entries) => {
      const [entry] = await entries.read(id);
      const fresh = this.alive(entry);
      if (fresh?.version !== expectedVersion) return fresh ? { outcome: 'conflict', fresh } : GONE;
      await entries.write(committed(fresh, change));
      return COMMITTED;
    });
  }

  override commitExclusively(
    id: string,
    rebase: (fresh: SessionRecord) => { change: SessionChange; source?: SessionSource },
  ): Promise<CommitResult> {
    return this.exclusively(id, async (entries) => {
      const [entry] = await entries.read(id);
      const fresh = this.alive(entry);
      if (!fresh) return GONE;
      const { change } = rebase({ ...fresh });
      await entries.write(committed(fresh, change));
      return COMMITTED;
    });
  }

  override replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    return this.exclusively(id, async (entries) => {
      const [entry, successor] = await entries.read(id, record.id);
      const fresh = this.alive(entry);
      if (fresh?.version !== expectedVersion) return fresh ? { outcome: 'conflict', fresh } : GONE;
      if (successor.isTaken) throw new Error(messages.idTaken(record.id));
      await entries.write(record);
      // Whoever takes the licence away decides what becomes of the session. From here to the licence of the new
      // record there is no session at all, so that a failure in between never leaves two.
      if (!(await entries.revoke(id))) {
        await entries.forget(record.id);
        return GONE;
      }
      await entries.license(record);
      await entries.forget(id);
      return COMMITTED;
    });
  }

  override touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    const { lastSeenAt, expiresAt } = activity;
    return this.rewrite(id, (record) =>
      record.version === expectedVersion ? { ...record, lastSeenAt, expiresAt } : undefined,
    );
  }

  override rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    const { secretHash, previousUntil } = rotation;
    return this.rewrite(id, (record) =>
      record.secretHash === expectedHash
        ? { ...record, secretHash, previousUntil, previousHash: expectedHash }
        : undefined,
    );
  }

  override destroy(id: string): Promise<boolean> {
    return this.exclusively(id, async (entries) => {
      const [entry] = await entries.read(id);
      if (!this.alive(entry)) return false;
      const wasThere = await entries.revoke(id);
      await entries.forget(id);
      return wasThere;
    });
  }

  /**
   * Deletes what has expired where the cache is a plain one in memory. Any other drops its entries itself, and cannot
   * be searched: that is 0.
   */
  override async clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    if (!this.memory) return 0;
    const clear = (id: string) =>
      this.exclusively(id, async (entries) => {
        const [{ record, isTaken }] = await entries.read(id);
        if (!isTaken || (record && record.expiresAt > this.now())) return false;
        const [hadLicence, hadRecord] = [await entries.revoke(id), await entries.forget(id)];
        return hadLicence || hadRecord;
      });
    return sweepMemory(this.memory, this.prefix, clear, options);
  }

  private rewrite(id: string, edit: (record: SessionRecord) => SessionRecord | undefined): Promise<boolean> {
    return this.exclusively(id, async (entries) => {
      const [entry] = await entries.read(id);
      const record = this.alive(entry);
      const edited = record && edit(record);
      if (edited) await entries.write(edited);
      return edited !== undefined;
    });
  }

  private alive({ record, isLicensed }: SessionEntry): SessionRecord | undefined {
    return isLicensed && record && record.expiresAt > this.now() ? record : undefined;
  }

  /** Whether another process may be about to license it: one that has failed to leaves it dead. */
  private isBeginning({ record, isLicensed }: SessionEntry): boolean {
    return !isLicensed && record !== undefined && record.createdAt + this.timeout > this.now();
  }

  /** Holds off the other writers of this process. What waited for too long is not begun any more. */
  private exclusively<T>(id: string, work: (entries: SessionEntries) => Promise<T>): Promise<T> {
    return this.within((entries, deadline) => this.mutex.run([id], () => deadline.hold(() => work(entries))));
  }

  private async within<T>(work: (entries: SessionEntries, deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.timeout);
    try {
      const entries = new SessionEntries(this.keyv, this.prefix, this.now, deadline);
      return await deadline.hold(() => work(entries, deadline));
    } finally {
      deadline.end();
    }
  }
}

function committed(record: SessionRecord, { data, lastSeenAt, expiresAt }: SessionChange): SessionRecord {
  return { ...record, data, lastSeenAt, expiresAt, version: record.version + 1 };
}
