import type { SessionRecord } from '../stores/session-record.js';
import type { ClearExpiredOptions, SessionActivity, SessionStore } from '../stores/session-store.js';
import { refuseOversize } from './data-size.js';
import { fittingText, refuseInvalid } from './data-validation.js';
import type { EndedToken } from './dead-tokens.js';
import { EXPIRY_KEY, type SessionChanges } from './session-changes.js';
import type { SessionClient } from './session-client.interface.js';
import { SessionEndings } from './session-endings.js';
import { SessionGroups } from './session-groups.js';
import type { SessionEvents } from './session-events.js';
import { firstRecord } from './first-record.js';
import { storedExpiryPolicy } from './session-expiry.js';
import type { SessionSettings } from './session-settings.js';
import { SessionMutex, type Release } from './session-mutex.js';
import { OwnSessions } from './own-sessions.js';
import { SealedToken } from './sealed-token.js';
import { SessionLimit } from './session-limit.js';
import { SideRecords } from './side-records.js';
import { identityOf, type RecordIdentity, type StagedIdentity } from './session-login.js';
import { SessionToken } from './session-token.js';
import { SessionValues } from './session-values.js';
import {
  changeOf,
  SessionWriter,
  sourceOf,
  type Attempt,
  type Basis,
  type Written,
} from './session-writer.js';
import { guardStore } from './store-guard.js';

/** A record with its data read: as much of it as fits the module's rules for data. */
export interface StoredSession {
  readonly record: SessionRecord;
  readonly values: SessionValues;
}

/** Ids have 128 random bits: the second attempt is courtesy, the third would be a broken store. */
const ATTEMPTS_AT_AN_ID = 3;

/** Sessions in a store: the verbs of the contract with data, expiry and conflicts taken care of. */
export class SessionRepository {
  readonly endings: SessionEndings;
  readonly groups: SessionGroups;
  /** What is kept in the store beside the sessions. */
  readonly side: SideRecords;
  readonly #limit: SessionLimit | undefined;
  readonly #mutex: SessionMutex;
  readonly #own: OwnSessions;
  readonly #writer: SessionWriter;

  constructor(
    readonly store: SessionStore,
    readonly settings: SessionSettings,
    readonly events: SessionEvents,
  ) {
    this.#mutex = new SessionMutex(store, settings, events);
    this.#own = new OwnSessions(store, settings, events);
    this.side = new SideRecords(store, settings, events);
    this.groups = new SessionGroups(
      this.side,
      settings,
      async (id) => (await this.#own.head(id)) !== undefined,
    );
    this.endings = new SessionEndings(store, this.#own, this.groups, events, settings);
    this.#limit =
      settings.maxSessionsPerUser && new SessionLimit(this.#own, this.endings, settings.maxSessionsPerUser);
    this.#writer = new SessionWriter(store, settings, events);
  }

  /** Whether the records are with the clients, and a token is its sealed record. */
  get isSealed(): boolean {
    return this.store.sealer !== undefined;
  }

  /** The living session of the id, unless another application's; `'corrupt'`, with an event, when its data cannot be read. */
  load(id: string): Promise<StoredSession | 'corrupt' | undefined> {
    return this.#guard('load', () => this.store.load(id)).then((record) => this.#read(record));
  }

  /** The living session that a token carries by itself. */
  unseal(token: string): Promise<StoredSession | 'corrupt' | undefined> {
    return this.#guard('load', () => this.store.sealer!.unseal(token)).then((record) => this.#read(record));
  }

  async seal(record: SessionRecord): Promise<SealedToken> {
    return new SealedToken(record.id, await this.#guard('commit', () => this.store.sealer!.seal(record)));
  }

  #read(record: SessionRecord | undefined): StoredSession | 'corrupt' | undefined {
    if (!record || record.expiresAt <= this.settings.now() || !this.#own.has(record)) {
      return undefined;
    }
    try {
      const text = fittingText(record, this.settings, this.events);
      return { record, values: new SessionValues(this.settings.serializer, text) };
    } catch {
      this.events.emit({ type: 'corrupt', id: record.id });
      return 'corrupt';
    }
  }

  /** Stores a new session under a fresh token, or the staged one; `undefined` when its group has ended. */
  async create(
    values: SessionValues,
    changes: SessionChanges,
    client: SessionClient,
    staged?: StagedIdentity,
  ): Promise<{ readonly record: SessionRecord; readonly token: SessionToken } | undefined> {
    const data = values.all;
    refuseOversize(changes.text, data, this.store, this.settings);
    refuseInvalid(changes.text, changes, this.settings);
    const policy = storedExpiryPolicy(values.get(EXPIRY_KEY));
    const rest = firstRecord(changes.text, policy, client, this.settings);
    for (let attempt = 1; attempt <= ATTEMPTS_AT_AN_ID; attempt++) {
      const token = attempt === 1 && staged ? staged.token : SessionToken.mint();
      const identity = identityOf({ ...staged, token }, undefined, client, this.settings);
      const record: SessionRecord = { ...rest, id: token.id, secretHash: token.secretHash, ...identity };
      record.expiresAt = Math.min(record.expiresAt, record.absoluteExpiresAt ?? Infinity);
      if (!(await this.#enterGroup(record))) {
        return undefined;
      }
      if (await this.#guard('create', () => this.store.create(record, sourceOf(record, data)))) {
        values.committed(changes, changes.text);
        this.events.emit({ type: 'created', id: record.id });
        this.#tellOfLogin(record, undefined);
        return (await this.#mayStay(record)) ? { record, token } : undefined;
      }
    }
    throw new Error(`The session store "${this.store.name}" claims that every fresh random id is taken.`);
  }

  /** Writes changes to the session where it is. */
  commit(record: SessionRecord, values: SessionValues, changes: SessionChanges): Promise<Written> {
    return this.#writer.write(record, values, changes, 'commit', (base, next) =>
      this.store.commit(base.id, base.version, changeOf(next.record), next.source),
    );
  }

  /** Writes changes and makes the session another one: with its id, its secret and perhaps its user, in one step. */
  async replace(
    record: SessionRecord,
    values: SessionValues,
    changes: SessionChanges,
    identity: RecordIdentity,
    basis?: Basis,
  ): Promise<Written> {
    const attempt: Attempt = (base, next) =>
      this.store.replace(base.id, base.version, next.record, next.source);
    const successor = { ...record, ...identity };
    if (!(await this.#enterGroup(successor))) {
      return undefined;
    }
    await this.endings.leaveGroup(record, successor);
    const heir = { id: successor.id, userId: successor.userId };
    const written = await this.endings.byReplacement(record, heir, () =>
      this.#writer.write(record, values, changes, 'replace', attempt, identity, basis),
    );
    if (!written) {
      return undefined;
    }
    if (identity.authenticatedAt == null) {
      this.events.emit({ type: 'regenerated', id: written.id, previousId: record.id });
    } else {
      this.#tellOfLogin(written, record.id);
    }
    return (await this.#mayStay(written)) ? written : undefined;
  }

  async #enterGroup(record: SessionRecord): Promise<boolean> {
    return record.groupId === null || this.groups.enter(record, record.groupId);
  }

  /** Whoever has ended the group before the session could be seen has left it to us. */
  async #mayStay(record: SessionRecord): Promise<boolean> {
    if (record.groupId === null || (await this.groups.admits(record, record.groupId))) {
      return true;
    }
    await this.endings.destroy(record.id, 'group');
    return false;
  }

  #tellOfLogin({ id, userId }: SessionRecord, previousId: string | undefined): void {
    if (userId !== null) {
      this.events.emit({ type: 'login', id, userId, ...(previousId !== undefined && { previousId }) });
    }
  }

  /** @throws TooManySessionsError when a login of the user would be one too many. */
  async checkLimit(userId: string, replaced: string | undefined): Promise<void> {
    await this.#limit?.check(userId, replaced);
  }

  /** Whether the session of a login may stay. @throws TooManySessionsError when it was one too many. */
  async enforceLimit(record: SessionRecord): Promise<boolean> {
    return (await this.#limit?.enforce(record)) ?? true;
  }

  touch(record: SessionRecord, activity: SessionActivity): Promise<boolean> {
    return this.#guard('touch', () => this.store.touch(record.id, record.version, activity));
  }

  /** Swaps the secret; `undefined` when another request did so first, or the session is gone. */
  async rotate(record: SessionRecord, token: SessionToken): Promise<Written> {
    const rotation = {
      secretHash: token.secretHash,
      previousUntil: this.settings.now() + this.settings.renewGrace,
    };
    const done = await this.#guard('rotate', () => this.store.rotate(record.id, record.secretHash, rotation));
    if (!done) {
      return undefined;
    }
    this.endings.ofSecret(record.secretHash);
    this.events.emit({ type: 'renewed', id: record.id });
    return { ...record, ...rotation, previousHash: record.secretHash };
  }

  /** The living sessions of a user, last seen first. @throws SessionCapabilityError when the store cannot find them. */
  findByUser(userId: string): Promise<SessionRecord[]> {
    return this.#own.ofUser(userId);
  }

  async clearExpired(options?: ClearExpiredOptions): Promise<number> {
    const count = await this.#guard('clearExpired', () => this.store.clearExpired(options));
    if (count > 0) {
      this.events.emit({ type: 'expired', count });
    }
    return count;
  }

  /** What this user has made of a session that has just ended. */
  async heirOfUser(ended: EndedToken, userId: string): Promise<StoredSession | undefined> {
    const seen = new Set<string>();
    // Asked anew after every look: what was there may have got an heir itself meanwhile.
    const next = () => this.endings.heirsOf(ended).find(({ id }) => !seen.has(id));
    for (let heir = next(); heir; heir = next()) {
      seen.add(heir.id);
      const stored = heir.userId === userId ? await this.load(heir.id) : undefined;
      if (stored && stored !== 'corrupt') {
        return stored;
      }
    }
    return undefined;
  }

  /** Waits until no other request holds the lock of the session. @throws SessionContentionError */
  lock(record: SessionRecord): Promise<Release> {
    return this.#mutex.acquire(record);
  }

  #guard<T>(verb: string, run: () => Promise<T>): Promise<T> {
    return guardStore(verb, this.events, run);
  }
}
