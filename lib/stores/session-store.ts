import type { SessionHead, SessionRecord } from './session-record.js';
import type { SessionSealer } from './session-sealer.js';

/**
 * What a store is able to promise. The module prints it at boot and warns where a guarantee does not hold.
 *
 * @publicApi
 */
export interface SessionStoreCapabilities {
  /**
   * How far `commit` compares and swaps: across all processes that share the store, only within one process, or not
   * at all, so that of two parallel requests the response that comes last wins.
   */
  readonly atomicCommit: 'everywhere' | 'this-process' | 'nowhere';
  /** Whether the store finds sessions by user: `findByUser` and `destroyByUser` are there. */
  readonly userIndex: boolean;
  /** Whether a destroyed session is dead at once, whatever token a client still holds. */
  readonly revocable: boolean;
}

/**
 * What the module gives a store before the first verb.
 *
 * @publicApi
 */
export interface SessionStoreContext {
  /** The clock, in milliseconds. A store asks no other. */
  readonly now: () => number;
  /** The largest `data` in bytes that the module will ever hand to the store. */
  readonly maxDataSize: number;
  /** The longest token in bytes that clients are able to keep (RFC 6265bis: a cookie has 4096 with its name). */
  readonly maxTokenSize?: number;
}

/** When a session was last seen and until when it lives, in milliseconds. */
export interface SessionActivity {
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

/** What a commit writes. Identity (token, user, absolute expiry) is deliberately not part of it. */
export interface SessionChange extends SessionActivity {
  readonly data: string;
}

/** The new secret of a timed renewal, and how long the one before it is still accepted. */
export interface SessionRotation {
  readonly secretHash: string;
  readonly previousUntil: number;
}

/**
 * The decoded session behind a record, for stores that fill columns of their own from it. Not to be kept.
 *
 * @publicApi
 */
export interface SessionSource {
  readonly id: string;
  readonly userId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * How a conditional write ended.
 * - `committed`: written, the version is now `expectedVersion + 1`.
 * - `conflict`: another commit came first. `fresh` is the record as it is now, where the store knows it for free.
 * - `gone`: there is no such record alive any more. Nothing was written.
 *
 * @publicApi
 */
export type CommitResult =
  | { readonly outcome: 'committed' }
  | { readonly outcome: 'conflict'; readonly fresh?: SessionRecord }
  | { readonly outcome: 'gone' };

/** How to clear expired records. */
export interface ClearExpiredOptions {
  /** The most records that one step deletes, so that none holds a lock for long; less than 1 counts as 1. Default: 1000. */
  readonly batchSize?: number;
  /** Called after every batch with the number of records deleted so far. */
  readonly onProgress?: (cleared: number) => void;
  /** Stops between two batches when aborted; what is deleted by then stays deleted. */
  readonly signal?: AbortSignal;
}

/**
 * Keeps session records. It knows nothing of HTTP, cookies or serialisation, and this comment is its contract:
 *
 * - **Alive** means that the record exists and `expiresAt > now()`. Whatever is not alive is *not found*, also
 *   before anything has cleared it away.
 * - Absent, expired or unreadable is an answer (`undefined`, `false`, `gone`). An exception means that the system
 *   failed (server away, disk full) and becomes a 503: a store never turns an outage into "no such session".
 * - **No verb but `create` and `replace` brings a record into being**, and those never overwrite a live one. A write to a
 *   record that another request has destroyed changes nothing: a logout stays a logout.
 * - Each verb is atomic as far as {@link SessionStoreCapabilities.atomicCommit} says, and is done when its promise
 *   resolves: what it wrote is then visible to every later call.
 * - Ids arrive checked: 32 lower-case hex characters.
 * - Records given out are the caller's own; changing one changes nothing in the store.
 *
 * `describeSessionStore` from `nest-sessions/testing` checks all of it.
 *
 * @publicApi
 */
export abstract class SessionStore {
  /** Names the store in logs and errors, such as `typeorm (postgres)`. */
  abstract readonly name: string;

  abstract readonly capabilities: SessionStoreCapabilities;

  /** Present in a store that keeps the records with the clients. */
  readonly sealer?: SessionSealer;

  /** The most bytes of `data` that the store takes, where that is less than `maxDataSize` of the module may be. */
  readonly maxDataSize?: number;

  /** Whether what has expired goes by itself: then the module does not have it cleared away from time to time. */
  readonly forgetsExpired?: boolean;

  /** Called once at boot before any verb. Throws when the store is set up wrongly, saying what to do. */
  open?(context: SessionStoreContext): void | Promise<void>;

  /** Called once at shutdown after the last verb. Releases only what the store itself has acquired. */
  close?(): void | Promise<void>;

  /** The record, when alive. */
  abstract load(id: string): Promise<SessionRecord | undefined>;

  /**
   * The record without its data, when alive. For stores that can answer it without reading the data, which is what
   * lets `cachedStore()` ask whether a session lives and still save the reading. Others leave it out.
   */
  peek?(id: string): Promise<SessionHead | undefined>;

  /**
   * Inserts the record, in the place of one that has expired under its id and is not cleared away yet. `false`, and
   * nothing written, when a live one has the id; of two at once at most one does. Who uses an id again begins with
   * another version, since a cache may have kept what was there before.
   */
  abstract create(record: SessionRecord, source?: SessionSource): Promise<boolean>;

  /** Writes the change and raises the version, when the record is alive and still has the expected version. */
  abstract commit(
    id: string,
    expectedVersion: number,
    change: SessionChange,
    source?: SessionSource,
  ): Promise<CommitResult>;

  /**
   * The last resort after repeated conflicts: holds off all other writers of this record for one short critical
   * section, hands its present state to `rebase` and commits what that returns. `rebase` is synchronous. Left out
   * by stores that need no lock to let every writer through.
   */
  commitExclusively?(
    id: string,
    rebase: (fresh: SessionRecord) => { change: SessionChange; source?: SessionSource },
  ): Promise<CommitResult>;

  /**
   * Puts `record`, which has another id, in the place of the record `id` in one step: when that one is alive and
   * has the expected version, it is gone and the new one is there; in every other case nothing has changed.
   * The new version is `record.version`. Of two replacements of one record at most one is `committed`.
   */
  abstract replace(
    id: string,
    expectedVersion: number,
    record: SessionRecord,
    source?: SessionSource,
  ): Promise<CommitResult>;

  /**
   * Moves the expiry of a live record and nothing else, when it still has the expected version (a commit that came
   * in between has moved the expiry itself, perhaps to an earlier time). Whether it did.
   */
  abstract touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean>;

  /**
   * Swaps the secret of a live record whose hash is `expectedHash`: the hash before becomes `previousHash`. Data,
   * version and expiry stay. Whether it did; of two rotations that expect the same hash at most one does.
   */
  abstract rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean>;

  /** Deletes the record. Whether a live one was there; of two calls at once at most one is told `true`. */
  abstract destroy(id: string): Promise<boolean>;

  /** Deletes what has expired, in batches, without holding up live traffic. How many records were deleted. */
  abstract clearExpired(options?: ClearExpiredOptions): Promise<number>;

  /** The live records of a user, last seen first. There when `capabilities.userIndex` is `true`. */
  findByUser?(userId: string): Promise<SessionRecord[]>;

  /** Deletes the records of a user but `except`. How many live ones. There when `capabilities.userIndex` is `true`. */
  destroyByUser?(userId: string, options?: { readonly except?: string }): Promise<number>;
}
