import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { SessionRecord } from '../stores/session-record.js';
import type { SessionChange, SessionStore, SessionStoreContext } from '../stores/session-store.js';

/** One hour, the life of a record in the tests, in milliseconds. */
export const HOUR = 3_600_000;

/** What the harness needs to know; `describeSessionStore` fills in what its caller leaves out. */
export interface HarnessOptions {
  readonly maxDataSize: number;
  readonly expiredRecords: number;
  readonly seed: (store: SessionStore, records: readonly SessionRecord[]) => Promise<void>;
}

/** The store under test with a clock that only the test moves, and records to put into it. */
export class SessionStoreHarness {
  /** The store of the running test. */
  store!: SessionStore;

  /**
   * What the store takes for the present, in milliseconds. Starts near the real time, so that records do not vanish
   * from stores that also let their database expire them.
   */
  clock = 0;

  constructor(
    private readonly factory: (context: SessionStoreContext) => SessionStore | Promise<SessionStore>,
    private readonly options: HarnessOptions,
  ) {}

  /** The largest data that the store has to hold, in bytes. */
  get maxDataSize(): number {
    return this.options.maxDataSize;
  }

  /** How many expired records the clearing of many clears. */
  get expiredRecords(): number {
    return this.options.expiredRecords;
  }

  async start(): Promise<void> {
    this.clock = Date.now();
    const context: SessionStoreContext = { now: () => this.clock, maxDataSize: this.maxDataSize };
    this.store = await this.factory(context);
    await this.store.open?.(context);
  }

  async stop(): Promise<void> {
    await this.store.close?.();
  }

  newId(): string {
    return randomBytes(16).toString('hex');
  }

  newHash(): string {
    return randomBytes(32).toString('base64url');
  }

  /** A record that no store has seen, alive for an hour. */
  record(fields: Partial<SessionRecord> = {}): SessionRecord {
    return {
      id: this.newId(),
      secretHash: this.newHash(),
      previousHash: null,
      previousUntil: null,
      data: '{"kept":true}',
      version: 1,
      userId: null,
      createdAt: this.clock,
      authenticatedAt: null,
      lastSeenAt: this.clock,
      expiresAt: this.clock + HOUR,
      absoluteExpiresAt: null,
      ip: null,
      userAgent: null,
      audience: null,
      groupId: null,
      ...fields,
    };
  }

  /** A record that is in the store. */
  async stored(fields: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const record = this.record(fields);
    assert.equal(await this.store.create(record), true, 'a record with a new id is created');
    return record;
  }

  /** Puts many records into the store, in the way that is quick for it. */
  seed(records: readonly SessionRecord[]): Promise<void> {
    return this.options.seed(this.store, records);
  }

  /** A change that a commit may write. */
  change(fields: Partial<SessionChange> = {}): SessionChange {
    return {
      data: '{"changed":true}',
      lastSeenAt: this.clock + 1_000,
      expiresAt: this.clock + 2 * HOUR,
      ...fields,
    };
  }

  /** Asserts that the store gives exactly this record. */
  async expectStored(record: SessionRecord, message?: string): Promise<void> {
    assert.deepEqual({ ...(await this.store.load(record.id)) }, record, message);
  }

  /** Asserts that the store finds nothing, under the id as under the user. */
  async expectNothing(id: string, userId?: string | null): Promise<void> {
    assert.equal(await this.store.load(id), undefined, `nothing is found under ${id}`);
    if (userId && this.store.findByUser) {
      const ids = (await this.store.findByUser(userId)).map((record) => record.id);
      assert.equal(ids.includes(id), false, `the user's sessions do not list ${id}`);
    }
  }

  /** Reads, changes and commits until no other commit comes in between. */
  async commitUntilItHolds(id: string, edit: (data: Record<string, unknown>) => void): Promise<void> {
    for (let attempt = 0; attempt < 10_000; attempt++) {
      const record = await this.store.load(id);
      assert.ok(record, 'the record stays while it is written');
      const data = JSON.parse(record.data) as Record<string, unknown>;
      edit(data);
      const change = this.change({ data: JSON.stringify(data) });
      const { outcome } = await this.store.commit(id, record.version, change);
      if (outcome === 'committed') return;
      assert.equal(outcome, 'conflict');
    }
    assert.fail('10 000 attempts, and never committed');
  }
}
