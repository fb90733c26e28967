import type { SessionRecord } from '../session-record.js';
import { SessionStore } from '../session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionRotation,
  SessionStoreContext,
} from '../session-store.js';
import { prepareDirectory } from './directory.check.js';
import { DurableFiles } from './durable.files.js';
import { FileLayout, isSessionId } from './file.layout.js';
import type { LockTimings } from './file.locks.js';
import { messages } from './file.messages.js';
import { FileQuarantine } from './file.quarantine.js';
import { FileRecords } from './file.records.js';
import { sweepDirectory } from './file.sweep.js';
import type { FileTools } from './held.record.js';
import { UserHints } from './user.hints.js';

const COMMITTED = { outcome: 'committed' } as const;
const GONE = { outcome: 'gone' } as const;

/**
 * Keeps sessions in files, for the processes of one machine. Made by `fileStore()`.
 *
 * Every write happens under the lock of its session and reaches the disk before it is acknowledged. It can be killed
 * at any moment: what it was about to write is then there whole or not at all.
 *
 * @publicApi
 */
export class FileStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities = {
    atomicCommit: 'everywhere',
    userIndex: true,
    revocable: true,
  } as const;

  private now: () => number = Date.now;
  private readonly tools: FileTools;
  private readonly records: FileRecords;
  private readonly hints: UserHints;

  /**
   * @param directory An absolute path. Made by `open` when it is not there.
   * @param warn Says what an administrator ought to know.
   * @param timings How patient the locks are.
   */
  constructor(
    directory: string,
    private readonly warn: (message: string) => void,
    timings?: LockTimings,
  ) {
    super();
    this.name = `file (${directory})`;
    const [layout, files] = [new FileLayout(directory), new DurableFiles()];
    const quarantine = new FileQuarantine(layout, files, warn);
    this.tools = { layout, files, quarantine, now: () => this.now() };
    this.records = new FileRecords(this.tools, timings);
    this.hints = new UserHints(layout, files);
  }

  override async open(context: SessionStoreContext): Promise<void> {
    this.now = context.now;
    await prepareDirectory(this.tools, this.records, this.warn);
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    return this.alive(await this.records.read(id));
  }

  override async create(record: SessionRecord): Promise<boolean> {
    return this.records.establish(record.id, async (held) => {
      const before = await held.read();
      if (this.alive(before)) return false;
      if (record.userId !== null) await this.hints.add(record.userId, record.id);
      await held.write(record);
      if (before?.userId != null && before.userId !== record.userId) {
        await this.hints.remove(before.userId, record.id);
      }
      return true;
    });
  }

  override commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    return this.commitTo(id, (record) => (record.version === expectedVersion ? change : undefined));
  }

  override commitExclusively(
    id: string,
    rebase: (fresh: SessionRecord) => { change: SessionChange },
  ): Promise<CommitResult> {
    return this.commitTo(id, (record) => rebase({ ...record }).change);
  }

  override async replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    if (!isSessionId(id)) return GONE;
    if (id === record.id) throw new Error(messages.taken(id));
    const result = await this.records.holdBoth(id, record.id, async (held, successor) => {
      const old = this.alive(await held.read());
      if (!old) return GONE;
      if (old.version !== expectedVersion) return { outcome: 'conflict', fresh: old } as const;
      if (await successor.isTaken()) throw new Error(messages.taken(record.id));
      if (record.userId !== null) await this.hints.add(record.userId, record.id);
      await held.replaceBy(old, record, successor);
      if (old.userId !== null) await this.hints.remove(old.userId, id);
      return COMMITTED;
    });
    return result ?? GONE;
  }

  override touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    const { lastSeenAt, expiresAt } = activity;
    // A power cut may take back the name of the new file, and with it no more than how long the session lives.
    return this.rewrite(id, (record) => record.version === expectedVersion && { lastSeenAt, expiresAt }, {
      durably: false,
    });
  }

  override rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    const { secretHash, previousUntil } = rotation;
    const swap = { secretHash, previousHash: expectedHash, previousUntil };
    return this.rewrite(id, (record) => record.secretHash === expectedHash && swap);
  }

  override destroy(id: string): Promise<boolean> {
    return this.removeIf(id, (record) => this.alive(record) !== undefined);
  }

  override clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    const isExpired = (record: SessionRecord) => !this.alive(record);
    // What a power cut brings back is expired still.
    const clear = (id: string) => this.removeIf(id, isExpired, { durably: false });
    const { records, hints } = this;
    return sweepDirectory({ ...this.tools, records, hints, isExpired, clear }, options);
  }

  override async findByUser(userId: string): Promise<SessionRecord[]> {
    const found: SessionRecord[] = [];
    for await (const id of this.hints.of(userId)) {
      const record = await this.load(id);
      if (record?.userId === userId) found.push(record);
    }
    if (found.length === 0) await this.records.confirmDirectory();
    return found.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  override async destroyByUser(
    userId: string,
    { except }: { readonly except?: string } = {},
  ): Promise<number> {
    let destroyed = 0;
    for await (const id of this.hints.of(userId)) {
      if (id === except) continue;
      const isTheirs = (record: SessionRecord) => record.userId === userId && !!this.alive(record);
      if (await this.removeIf(id, isTheirs)) destroyed += 1;
    }
    if (destroyed === 0) await this.records.confirmDirectory();
    return destroyed;
  }

  private alive(record: SessionRecord | undefined): SessionRecord | undefined {
    return record && record.expiresAt > this.now() ? record : undefined;
  }

  /** Writes what `decide` makes of the live record, `undefined` for a conflict. */
  private async commitTo(
    id: string,
    decide: (record: SessionRecord) => SessionChange | undefined,
  ): Promise<CommitResult> {
    const result = await this.records.hold(id, async (held): Promise<CommitResult> => {
      const record = this.alive(await held.read());
      if (!record) return GONE;
      const change = decide(record);
      if (!change) return { outcome: 'conflict', fresh: record };
      const { data, lastSeenAt, expiresAt } = change;
      await held.write({ ...record, data, lastSeenAt, expiresAt, version: record.version + 1 });
      return COMMITTED;
    });
    return result ?? GONE;
  }

  private async rewrite(
    id: string,
    decide: (record: SessionRecord) => Partial<SessionRecord> | false,
    options?: { durably: boolean },
  ): Promise<boolean> {
    const done = await this.records.hold(id, async (held) => {
      const record = this.alive(await held.read());
      const fields = record && decide(record);
      if (fields) await held.write({ ...record, ...fields }, options);
      return !!fields;
    });
    return done ?? false;
  }

  private async removeIf(
    id: string,
    isWanted: (record: SessionRecord) => boolean,
    options?: { durably: boolean },
  ): Promise<boolean> {
    const removed = await this.records.hold(id, async (held) => {
      const record = await held.read();
      if (!record || !isWanted(record)) return false;
      await held.remove(options);
      if (record.userId !== null) await this.hints.remove(record.userId, id);
      return true;
    });
    return removed ?? false;
  }
}
