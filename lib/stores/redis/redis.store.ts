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
import { sweepExpired } from './expired.sweep.js';
import type { LuaScript } from './lua.script.js';
import { lifetime } from './record.lifetime.js';
import { RecordReplacement } from './record.replacement.js';
import { checkEviction, explained } from './redis.check.js';
import type { RedisStoreClient } from './redis.client.js';
import { RedisConnection } from './redis.connection.js';
import type { ScriptReply } from './redis.connection.js';
import { messages } from './redis.messages.js';
import { PROBES, RedisRecords } from './redis.records.js';
import { scripts } from './redis.scripts.js';
import { toHash, toRecord } from './session-hash.mapper.js';
import { UserIndex } from './user.index.js';

const COMMITTED = { outcome: 'committed' } as const;
const GONE = { outcome: 'gone' } as const;

/**
 * Keeps each session in a hash of Redis: `<prefix>s:<id>`. Every verb that reads or changes one record is one Lua
 * script in one round trip, so that writers on any number of machines lose nothing. What is alive is decided by the
 * clock of the session module; Redis forgets a record by itself one minute after that has expired.
 *
 * The sessions of a user are listed in `<prefix>u:<userId>`, in commands of their own: creating, replacing and
 * destroying a session of a user takes one round trip more for each user concerned, and a session in use is listed
 * anew about once in its lifetime.
 *
 * In a cluster the record before a `replace` and the one after are on different servers, and it takes three steps:
 * the new record is stored but not found yet, the old one is removed if it still has its version, which decides, and
 * the new one becomes live. A failure between the last two leaves neither: the user has to log in again, and never
 * are both live.
 *
 * A server that fails over to a replica may forget the last writes before, a logout among them: Redis replicates
 * asynchronously.
 *
 * Made by `redisStore()`, or in a factory of the application's own. `open` throws when the client is not connected or
 * the server drops keys at will, and says what to do.
 *
 * @publicApi
 */
export class RedisStore extends SessionStore {
  override readonly name: string;
  override readonly forgetsExpired = true;
  override readonly capabilities = {
    atomicCommit: 'everywhere',
    userIndex: true,
    revocable: true,
  } as const;

  private now: () => number = Date.now;
  private readonly connection: RedisConnection;
  private readonly records: RedisRecords;
  private readonly replacement: RecordReplacement;
  private readonly index: UserIndex;

  /**
   * @param client Stays the application's: the store neither connects nor closes it.
   * @param prefix What the names of all keys begin with.
   * @param timeout How long Redis may take to answer before that is an outage, in milliseconds.
   */
  constructor(client: RedisStoreClient, prefix = 'nest-sessions:', timeout = 5000) {
    super();
    if (typeof client?.evalSha !== 'function') throw new TypeError(messages.noClient());
    if (typeof prefix !== 'string') throw new TypeError(messages.wrongPrefix());
    if (!Number.isFinite(timeout) || timeout <= 0) throw new TypeError(messages.wrongTimeout(timeout));
    this.connection = new RedisConnection(client, timeout);
    this.records = new RedisRecords(this.connection, prefix);
    this.replacement = new RecordReplacement(this.records);
    this.index = new UserIndex(this.connection, prefix);
    this.name = this.connection.isCluster ? 'redis (cluster)' : 'redis';
  }

  override async open(context: SessionStoreContext): Promise<void> {
    this.now = context.now;
    if (!this.connection.isOpen) throw new Error(messages.notConnected());
    try {
      await Promise.all(PROBES.map((id) => this.load(id)));
      await this.replacement.probe(this.now());
    } catch (error) {
      throw explained(error);
    }
    await checkEviction(this.connection);
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    const [status, ...values] = await this.records.run(scripts.load, id, this.now());
    return status === 'found' ? toRecord(id, values) : undefined;
  }

  override async create(record: SessionRecord): Promise<boolean> {
    const now = this.now();
    const fields = await this.listedFields(record, now);
    const [status] = await this.records.run(
      scripts.create,
      record.id,
      now,
      lifetime(record.expiresAt, now),
      ...fields,
    );
    return status === 'written';
  }

  override async commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    return resultOf(id, await this.prolong(scripts.commit, id, expectedVersion, change, change.data));
  }

  override async replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    const now = this.now();
    const fields = await this.listedFields(record, now);
    const successor = { id: record.id, expiresAt: record.expiresAt, fields };
    const reply = await this.replacement.run(id, expectedVersion, successor, now);
    if (reply[0] === 'taken') throw new Error(messages.idTaken(record.id));
    await this.unlist(id, reply, now);
    return resultOf(id, reply);
  }

  override async touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    const [status] = await this.prolong(scripts.touch, id, expectedVersion, activity);
    return status === 'written';
  }

  override async rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    const { secretHash, previousUntil } = rotation;
    const [status] = await this.records.run(
      scripts.rotate,
      id,
      this.now(),
      expectedHash,
      secretHash,
      previousUntil,
    );
    return status === 'written';
  }

  override async destroy(id: string): Promise<boolean> {
    const now = this.now();
    const reply = await this.records.run(scripts.destroy, id, now);
    await this.unlist(id, reply, now);
    return reply[0] === 'written';
  }

  /** Redis forgets expired records by itself, a minute late; this only finds those, and searches all keys for them. */
  override clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    return sweepExpired(this.connection, this.records.keyPrefix, this.now, options);
  }

  override async findByUser(userId: string): Promise<SessionRecord[]> {
    const ids = await this.index.listed(userId, this.now());
    const records = await Promise.all(ids.map((id) => this.load(id)));
    return records
      .filter((record) => record !== undefined)
      .filter((record) => record.userId === userId)
      .toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  override async destroyByUser(
    userId: string,
    { except }: { readonly except?: string } = {},
  ): Promise<number> {
    const seen = new Set([except]);
    let destroyed = 0;
    for (;;) {
      const now = this.now();
      const ids = (await this.index.listed(userId, now)).filter((id) => !seen.has(id));
      // Only a round without a new one is the last: a session may have been replaced while it was to be destroyed.
      if (ids.length === 0) return destroyed;
      const replies = await Promise.all(ids.map((id) => this.records.run(scripts.destroy, id, now, userId)));
      const dead = ids.filter((_, index) => replies[index]?.[0] === 'written');
      await this.index.unlist(userId, dead, now);
      for (const id of ids) seen.add(id);
      destroyed += dead.length;
    }
  }

  /** What to store of a record, once its user's index lists it. */
  private async listedFields(record: SessionRecord, now: number): Promise<(string | number)[]> {
    const fields = toHash(record);
    if (record.userId === null) return fields;
    return [...fields, 'indexedUntil', await this.index.list(record.userId, record.id, now, record)];
  }

  /** Commits or touches. What would outlive its entry in the index is listed anew first. */
  private async prolong(
    script: LuaScript,
    id: string,
    expectedVersion: number,
    { expiresAt, lastSeenAt }: SessionActivity,
    ...rest: string[]
  ): Promise<ScriptReply> {
    const now = this.now();
    const ttl = lifetime(expiresAt, now);
    const attempt = (indexedUntil: number) =>
      this.records.run(script, id, now, expectedVersion, expiresAt, lastSeenAt, ttl, indexedUntil, ...rest);

    const reply = await attempt(0);
    if (reply[0] !== 'unlisted') return reply;
    const [, userId, absolute] = reply;
    const absoluteExpiresAt = absolute === null ? null : Number(absolute);
    return attempt(await this.index.list(userId!, id, now, { expiresAt, absoluteExpiresAt }));
  }

  /** Takes a destroyed record off its user's list. One that stays there is only looked for in vain. */
  private async unlist(id: string, [status, userId]: ScriptReply, now: number): Promise<void> {
    if (status !== 'written' || userId === null || userId === undefined) return;
    await this.index.unlist(userId, [id], now).catch(() => undefined);
  }
}

function resultOf(id: string, [status, ...values]: ScriptReply): CommitResult {
  if (status === 'written') return COMMITTED;
  return status === 'conflict' ? { outcome: 'conflict', fresh: toRecord(id, values) } : GONE;
}
