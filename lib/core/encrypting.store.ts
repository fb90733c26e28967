import type { SessionRecord } from '../stores/session-record.js';
import { SessionStore } from '../stores/session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionRotation,
  SessionSource,
  SessionStoreCapabilities,
  SessionStoreContext,
} from '../stores/session-store.js';
import { sealedSize } from './record-cipher.js';
import type { RecordCipher } from './record-cipher.js';

/** What no serializer reads. */
const UNREADABLE = '';

/**
 * Seals the data of the records that another store keeps, and nothing else of them. Data that does not open (another
 * key, tampered with, from before encryption was turned on) comes back as a text that no serializer reads: the record
 * counts as corrupt, which is no session and no outage.
 *
 * It has the optional verbs that the other store has. What a store writes to columns of its own is not sealed.
 */
export class EncryptingStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities: SessionStoreCapabilities;
  override readonly forgetsExpired: boolean;

  declare commitExclusively?: SessionStore['commitExclusively'];
  declare findByUser?: SessionStore['findByUser'];
  declare destroyByUser?: SessionStore['destroyByUser'];

  constructor(
    private readonly inner: SessionStore,
    private readonly cipher: RecordCipher,
  ) {
    super();
    this.name = `${inner.name}, encrypted`;
    this.capabilities = inner.capabilities;
    this.forgetsExpired = inner.forgetsExpired ?? false;
    if (inner.commitExclusively) {
      this.commitExclusively = async (id, rebase) => {
        const result = await inner.commitExclusively!(id, (fresh) => {
          const { change, source } = rebase(this.opened(fresh));
          return { change: this.sealed(id, change), source };
        });
        return this.openedResult(result);
      };
    }
    if (inner.findByUser) {
      this.findByUser = async (userId) =>
        (await inner.findByUser!(userId)).map((record) => this.opened(record));
    }
    if (inner.destroyByUser) {
      this.destroyByUser = (userId, options) => inner.destroyByUser!(userId, options);
    }
  }

  override async open(context: SessionStoreContext): Promise<void> {
    await this.inner.open?.({ ...context, maxDataSize: sealedSize(context.maxDataSize) });
  }

  override async close(): Promise<void> {
    await this.inner.close?.();
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    const record = await this.inner.load(id);
    return record && this.opened(record);
  }

  override create(record: SessionRecord, source?: SessionSource): Promise<boolean> {
    return this.inner.create(this.sealed(record.id, record), source);
  }

  override async commit(
    id: string,
    expectedVersion: number,
    change: SessionChange,
    source?: SessionSource,
  ): Promise<CommitResult> {
    return this.openedResult(await this.inner.commit(id, expectedVersion, this.sealed(id, change), source));
  }

  override async replace(
    id: string,
    expectedVersion: number,
    record: SessionRecord,
    source?: SessionSource,
  ): Promise<CommitResult> {
    const sealed = this.sealed(record.id, record);
    return this.openedResult(await this.inner.replace(id, expectedVersion, sealed, source));
  }

  override touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    return this.inner.touch(id, expectedVersion, activity);
  }

  override rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    return this.inner.rotate(id, expectedHash, rotation);
  }

  override destroy(id: string): Promise<boolean> {
    return this.inner.destroy(id);
  }

  override clearExpired(options?: ClearExpiredOptions): Promise<number> {
    return this.inner.clearExpired(options);
  }

  private sealed<T extends { readonly data: string }>(id: string, holder: T): T {
    return { ...holder, data: this.cipher.seal(id, holder.data) };
  }

  private opened(record: SessionRecord): SessionRecord {
    return { ...record, data: this.textOf(record) };
  }

  private openedResult(result: CommitResult): CommitResult {
    return result.outcome === 'conflict' && result.fresh
      ? { outcome: 'conflict', fresh: this.opened(result.fresh) }
      : result;
  }

  private textOf({ id, data }: SessionRecord): string {
    try {
      return this.cipher.open(id, data);
    } catch {
      return UNREADABLE;
    }
  }
}
