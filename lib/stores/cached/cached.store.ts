import type { SessionRecord } from '../session-record.js';
import { SessionStore } from '../session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionRotation,
  SessionSource,
  SessionStoreCapabilities,
  SessionStoreContext,
} from '../session-store.js';
import { GuardedCache } from './guarded.cache.js';
import type { VersionedData } from './guarded.cache.js';
import { requirePeek } from './peekable.store.js';
import type { PeekableStore } from './peekable.store.js';
import type { SessionCache } from './session-cache.interface.js';

/**
 * A store in front of which a cache keeps the data of sessions, and nothing but the data. Whether a session is alive,
 * whose it is, which secret opens it and in which version it is, every load asks the database; the data of exactly
 * that version may then come from the cache. Data of one version never changes, so an entry is right or unused, and
 * no order of events can make a wrong one count: not a delete that was lost, not a late write, not another process.
 *
 * Made by `cachedStore()`. The constructor throws a `TypeError` when the database has no `peek`.
 *
 * @publicApi
 */
export class CachedStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities: SessionStoreCapabilities;
  override readonly forgetsExpired: boolean;
  override readonly commitExclusively?: SessionStore['commitExclusively'];
  override readonly findByUser?: SessionStore['findByUser'];
  override readonly destroyByUser?: SessionStore['destroyByUser'];

  private readonly database: PeekableStore;
  private readonly cache: GuardedCache;

  /** @param cache Stays the caller's: the store does not close it. */
  constructor(database: SessionStore, cache: SessionCache) {
    super();
    this.database = requirePeek(database);
    this.cache = new GuardedCache(cache);
    this.name = `${database.name}, cached`;
    this.capabilities = database.capabilities;
    this.forgetsExpired = database.forgetsExpired ?? false;
    if (database.commitExclusively) this.commitExclusively = (id, rebase) => this.exclusively(id, rebase);
    this.findByUser = database.findByUser?.bind(database);
    this.destroyByUser = database.destroyByUser?.bind(database);
  }

  override async open(context: SessionStoreContext): Promise<void> {
    this.cache.now = context.now;
    await this.database.open?.(context);
  }

  override async close(): Promise<void> {
    await this.cache.idle();
    await this.database.close?.();
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    const cached = await this.cache.read(id);
    if (!cached) return this.loadAll(id);
    const head = await this.database.peek(id);
    if (head?.version === cached.version) return { ...head, data: cached.data };
    if (head) return this.loadAll(id);
    this.cache.drop(id);
    return undefined;
  }

  override async create(record: SessionRecord, source?: SessionSource): Promise<boolean> {
    // A copy, since the caller may change the record while the database is at work.
    const kept = { ...record };
    const created = await this.database.create(record, source);
    if (created) this.cache.keep(kept.id, kept, kept.expiresAt);
    return created;
  }

  override async commit(
    id: string,
    expectedVersion: number,
    change: SessionChange,
    source?: SessionSource,
  ): Promise<CommitResult> {
    const { data, expiresAt } = change;
    const result = await this.database.commit(id, expectedVersion, change, source);
    if (result.outcome === 'committed')
      this.cache.keep(id, { version: expectedVersion + 1, data }, expiresAt);
    return result;
  }

  override async replace(
    id: string,
    expectedVersion: number,
    record: SessionRecord,
    source?: SessionSource,
  ): Promise<CommitResult> {
    const kept = { ...record };
    const result = await this.database.replace(id, expectedVersion, record, source);
    if (result.outcome === 'committed') {
      this.cache.drop(id);
      this.cache.keep(kept.id, kept, kept.expiresAt);
    }
    return result;
  }

  override touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    return this.database.touch(id, expectedVersion, activity);
  }

  override rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    return this.database.rotate(id, expectedHash, rotation);
  }

  override async destroy(id: string): Promise<boolean> {
    const destroyed = await this.database.destroy(id);
    this.cache.drop(id);
    return destroyed;
  }

  override clearExpired(options?: ClearExpiredOptions): Promise<number> {
    return this.database.clearExpired(options);
  }

  private async loadAll(id: string): Promise<SessionRecord | undefined> {
    const record = await this.database.load(id);
    if (record) this.cache.keep(id, record, record.expiresAt);
    return record;
  }

  private async exclusively(
    id: string,
    rebase: Parameters<NonNullable<SessionStore['commitExclusively']>>[1],
  ): Promise<CommitResult> {
    let written: (VersionedData & { expiresAt: number }) | undefined;
    const result = await this.database.commitExclusively!(id, (fresh) => {
      const version = fresh.version + 1;
      const next = rebase(fresh);
      // The database may have to begin again: the last round is the one that counts.
      written = { version, data: next.change.data, expiresAt: next.change.expiresAt };
      return next;
    });
    if (result.outcome === 'committed' && written) this.cache.keep(id, written, written.expiresAt);
    return result;
  }
}
