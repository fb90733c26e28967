import type { SessionRecord } from '../stores/session-record.js';
import { EXPIRY_KEY, METHODS_KEY, type SessionChanges } from './session-changes.js';
import type { EndingScope } from './session-endings.js';
import type { ExpiryPolicy } from './session-expiry.js';
import { SessionGroups } from './session-groups.js';
import type { SessionLogin, StagedIdentity } from './session-login.js';
import type { Release } from './session-mutex.js';
import type { SessionOrigin } from './session-origin.interface.js';
import type { SessionRepository } from './session.repository.js';
import { SessionSettlement } from './session-settlement.js';
import { SessionState } from './session-state.js';
import type { SessionStatus } from './session-status.js';
import { SessionToken } from './session-token.js';
import type { SessionValues } from './session-values.js';
import { SessionInterruptedError } from './session.errors.js';
import type { TokenOutcome } from './token-outcome.js';

/** What a request can do with its session besides reading and writing its data. */
export class SessionLifecycle {
  readonly #state: SessionState;
  readonly #settlement: SessionSettlement;

  constructor(
    private readonly repository: SessionRepository,
    private readonly content: SessionValues,
    private readonly origin: SessionOrigin,
  ) {
    this.#state = new SessionState(repository, content, origin);
    this.#settlement = new SessionSettlement(this.#state);
  }

  get status(): SessionStatus {
    return this.#state.status;
  }

  /** What the store holds; `undefined` while that is nothing. */
  get record(): SessionRecord | undefined {
    return this.#state.record;
  }

  /** What the session will be called, and whose it will be, once it is committed. */
  get staged(): StagedIdentity | undefined {
    return this.#state.staged;
  }

  get policy(): ExpiryPolicy {
    return this.#state.policy;
  }

  /** What to do with the client's token. Another request may have ended the session since this one settled. */
  get outcome(): TokenOutcome {
    const { outcome } = this.#state.client;
    return outcome.kind === 'send' && this.repository.endings.isDead(outcome.token)
      ? { kind: 'keep' }
      : outcome;
  }

  /** Ends the session in the store at once. What comes after is a new one. */
  async flush(reason: 'flush' | 'logout', scope: EndingScope = 'session'): Promise<void> {
    const { client, record, status } = this.#state;
    const { ended } = this.origin;
    // A session that has just got another id is what the client means, though it does not know that id yet.
    const meant = record ? [record] : ended ? this.repository.endings.heirsOf(ended) : [];
    await Promise.all(
      meant.map((session) => this.repository.endings.flush(session, client.isOpen, reason, scope)),
    );
    client.end(status !== 'new' && status !== 'starting');
    this.content.reset();
    this.#state.become(undefined);
  }

  /** Gives the session a new id with the next commit. */
  regenerate(): void {
    const { client, record, status } = this.#state;
    if (status === 'stored') {
      client.refuseUnlessOpen('A session cannot be regenerated');
      this.#state.stage(record, { token: SessionToken.mint() });
    }
  }

  /**
   * Makes the session that of a user with the next commit, under a new id. What an anonymous visitor, or the same user,
   * has in it stays; what is another user's goes.
   */
  async login(login: SessionLogin): Promise<void> {
    this.#state.client.refuseUnlessOpen('Nobody can be logged in');
    const { staged, status } = this.#state;
    const heir = status === 'ended' && (await this.repository.heirOfUser(this.origin.ended!, login.userId));
    const record = heir ? heir.record : status === 'interrupted' ? undefined : this.record;
    await this.repository.checkLimit(login.userId, record?.id);
    if (heir) {
      this.content.reset(heir.values.baseline);
    }
    const present = staged?.login?.userId ?? record?.userId ?? login.userId;
    if (status === 'interrupted' || present !== login.userId) {
      this.content.wipe();
    }
    this.content.set(METHODS_KEY, login.methods.length > 0 ? [...login.methods] : undefined);
    if (login.remember !== undefined) {
      this.content.set(EXPIRY_KEY, login.remember ? 'persistent' : 'browser');
    }
    this.#state.stage(record, { token: SessionToken.mint(), login, groupId: this.#groupOf(login, record) });
  }

  /** Who logs in again stays in the group; where groups are begun, everybody else begins one. */
  #groupOf({ userId, origin }: SessionLogin, record: SessionRecord | undefined): string | null {
    const present = record?.userId === userId ? record.groupId : null;
    return origin?.groupId ?? present ?? (this.repository.groups.policy.leads ? SessionGroups.mint() : null);
  }

  /** @throws SessionInterruptedError when there is nothing left to load. */
  async reload(): Promise<void> {
    const { record } = this;
    if (!record) {
      this.drop();
      return;
    }
    // A sealed record is with the client, and this is it.
    const stored = this.repository.isSealed
      ? { record, values: this.content }
      : await this.repository.load(record.id);
    if (!stored || stored === 'corrupt') {
      this.#state.interrupt(record.id);
      throw new SessionInterruptedError();
    }
    this.content.reset(stored.values.baseline);
    this.#state.see(stored.record);
    this.#state.become(stored.record);
  }

  /** Waits for the lock of what is stored. Only who knows the secret may, hence not before it is loaded. */
  async lock(): Promise<Release> {
    const { record } = this;
    return record ? this.repository.lock(record) : async () => undefined;
  }

  /** Loads again what whoever had the lock before has left. What a guard has changed is not to be lost by that. */
  async catchUp(changes: SessionChanges | undefined): Promise<void> {
    const { record, status } = this;
    if (status === 'stored') {
      await (changes && this.#settlement.commit(record!, changes));
      await this.reload();
    }
  }

  /** Drops what is not committed. */
  drop(): void {
    this.content.reset(this.record && this.content.baseline);
    if (this.staged) {
      this.#state.become(this.record);
    }
  }

  /** Stores the session for the first time. */
  create(changes: SessionChanges): Promise<void> {
    return this.#settlement.create(changes);
  }

  /** Whether settling would ask anything of the store. */
  hasWork(changes: SessionChanges | undefined): boolean {
    return this.#settlement.hasWork(changes);
  }

  /** Brings the store, and what the client is to hold, up to date. Silent when another request has ended the session. */
  settle(changes: SessionChanges | undefined): Promise<void> {
    return this.#settlement.settle(changes);
  }
}
