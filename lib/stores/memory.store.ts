import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SessionRecord } from './session-record.js';
import { SessionStore } from './session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionRotation,
  SessionStoreContext,
} from './session-store.js';

/**
 * Keeps sessions in the memory of this process: for tests and first steps. A restart logs everybody out, and a
 * second process knows nothing of the sessions of the first.
 *
 * It never holds more than `max` records: when full, a new session first makes the store drop what has expired and
 * then evicts the least recently used one. An evicted session is a logged-out one.
 *
 * @publicApi
 */
export class MemoryStore extends SessionStore {
  override readonly name = 'memory';
  override readonly capabilities = {
    atomicCommit: 'this-process',
    userIndex: true,
    revocable: true,
  } as const;

  /** In the order of their last use, so that the first is the one to evict. */
  private readonly records = new Map<string, SessionRecord>();
  private readonly idsByUser = new Map<string, Set<string>>();
  /** No record expires before this moment, so that a full store need not search for expired ones each time. */
  private earliestExpiry = Infinity;
  private now: () => number = Date.now;

  /** @param max The largest number of records: a whole number, at least 1. */
  constructor(private readonly max: number) {
    super();
  }

  override open(context: SessionStoreContext): void {
    this.now = context.now;
  }

  override close(): void {
    this.records.clear();
    this.idsByUser.clear();
    this.earliestExpiry = Infinity;
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    const record = this.use(id);
    return record && { ...record };
  }

  override async create(record: SessionRecord): Promise<boolean> {
    if (this.alive(record.id)) return false;
    this.removeExpired(record.id);
    this.makeRoom();
    this.put({ ...record });
    return true;
  }

  override async commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    const record = this.use(id);
    if (!record) return { outcome: 'gone' };
    if (record.version !== expectedVersion) return { outcome: 'conflict', fresh: { ...record } };
    record.data = change.data;
    record.version += 1;
    this.prolong(record, change);
    return { outcome: 'committed' };
  }

  override async replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    const old = this.use(id);
    if (!old) return { outcome: 'gone' };
    if (old.version !== expectedVersion) return { outcome: 'conflict', fresh: { ...old } };
    if (this.records.has(record.id)) throw new Error(`A session with the id ${record.id} already exists.`);
    this.remove(old);
    this.put({ ...record });
    return { outcome: 'committed' };
  }

  override async touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    const record = this.use(id);
    if (record?.version !== expectedVersion) return false;
    this.prolong(record, activity);
    return true;
  }

  override async rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    const record = this.use(id);
    if (record?.secretHash !== expectedHash) return false;
    record.previousHash = expectedHash;
    record.previousUntil = rotation.previousUntil;
    record.secretHash = rotation.secretHash;
    return true;
  }

  override async destroy(id: string): Promise<boolean> {
    const record = this.alive(id);
    if (record) this.remove(record);
    return record !== undefined;
  }

  override async clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    const { onProgress, signal } = options;
    const batchSize = Math.max(1, Math.floor(options.batchSize ?? 1000));
    const ids = [...this.records.keys()];
    let cleared = 0;
    for (let start = 0; start < ids.length; start += batchSize) {
      if (start > 0) await nextTurn();
      if (signal?.aborted) break;
      for (const id of ids.slice(start, start + batchSize)) cleared += this.removeExpired(id);
      onProgress?.(cleared);
    }
    return cleared;
  }

  override async findByUser(userId: string): Promise<SessionRecord[]> {
    return this.aliveOfUser(userId)
      .map((record) => ({ ...record }))
      .toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  override async destroyByUser(userId: string, options: { readonly except?: string } = {}): Promise<number> {
    const records = this.aliveOfUser(userId).filter((record) => record.id !== options.except);
    for (const record of records) this.remove(record);
    return records.length;
  }

  private alive(id: string): SessionRecord | undefined {
    const record = this.records.get(id);
    return record && record.expiresAt > this.now() ? record : undefined;
  }

  private aliveOfUser(userId: string): SessionRecord[] {
    return [...(this.idsByUser.get(userId) ?? [])].flatMap((id) => this.alive(id) ?? []);
  }

  /** The record, when alive, now the most recently used one. */
  private use(id: string): SessionRecord | undefined {
    const record = this.alive(id);
    if (record) {
      this.records.delete(id);
      this.records.set(id, record);
    }
    return record;
  }

  private prolong(record: SessionRecord, { lastSeenAt, expiresAt }: SessionActivity): void {
    record.lastSeenAt = lastSeenAt;
    record.expiresAt = expiresAt;
    this.earliestExpiry = Math.min(this.earliestExpiry, expiresAt);
  }

  private put(record: SessionRecord): void {
    this.records.set(record.id, record);
    this.earliestExpiry = Math.min(this.earliestExpiry, record.expiresAt);
    if (record.userId === null) return;
    const ids = this.idsByUser.get(record.userId);
    if (ids) ids.add(record.id);
    else this.idsByUser.set(record.userId, new Set([record.id]));
  }

  private remove(record: SessionRecord): void {
    this.records.delete(record.id);
    if (record.userId === null) return;
    const ids = this.idsByUser.get(record.userId);
    ids?.delete(record.id);
    if (ids?.size === 0) this.idsByUser.delete(record.userId);
  }

  private removeExpired(id: string): number {
    const record = this.records.get(id);
    if (!record || record.expiresAt > this.now()) return 0;
    this.remove(record);
    return 1;
  }

  private makeRoom(): void {
    if (this.records.size < this.max) return;
    if (this.earliestExpiry <= this.now()) this.dropExpired();
    for (const record of this.records.values()) {
      if (this.records.size < this.max) return;
      this.remove(record);
    }
  }

  private dropExpired(): void {
    this.earliestExpiry = Infinity;
    for (const record of this.records.values()) {
      if (record.expiresAt <= this.now()) this.remove(record);
      else this.earliestExpiry = Math.min(this.earliestExpiry, record.expiresAt);
    }
  }
}
