import type { SessionRecord } from '../stores/session-record.js';
import { EXPIRY_KEY, isWorthASession, type SessionChanges } from './session-changes.js';
import { activityNow, isRenewalDue, isTouchDue } from './session-expiry.js';
import { identityOf, type SessionLogin } from './session-login.js';
import type { SessionState } from './session-state.js';
import { SessionToken } from './session-token.js';
import type { Basis } from './session-writer.js';
import { TooManySessionsError } from './session.errors.js';

/** Brings the store, and what the client is to hold, up to date with what a request has made of its session. */
export class SessionSettlement {
  constructor(private readonly state: SessionState) {}

  /** Whether settling would ask anything of the store. */
  hasWork(changes: SessionChanges | undefined): boolean {
    const { status, record, policy, settings } = this.state;
    switch (status) {
      case 'new':
      case 'ended':
        return isWorthASession(changes);
      case 'stored':
        return changes !== undefined || isTouchDue(record!, policy, settings) || this.#isRenewalDue();
      case 'starting':
      case 'regenerating':
        return true;
      case 'interrupted':
        return false;
    }
  }

  /** Silent when another request has ended the session. */
  settle(changes: SessionChanges | undefined): Promise<void> {
    return this.#repository.isSealed ? this.#settleSealed(changes) : this.#write(changes);
  }

  /** Stores the session for the first time. */
  async create(changes: SessionChanges): Promise<void> {
    const { client, content, origin, staged } = this.state;
    client.refuseUnlessOpen('A session cannot be started');
    const created = await this.#repository.create(content, changes, origin.client, staged);
    if (!created) {
      return this.state.interrupt(staged!.token.id);
    }
    await this.#take(created.record, created.token, staged?.login);
  }

  /** Writes changes to the session as it is. */
  async commit(before: SessionRecord, changes: SessionChanges): Promise<void> {
    const written = await this.#repository.commit(before, this.state.content, changes);
    if (!written) {
      return this.state.interrupt(before.id);
    }
    this.state.moved(
      written,
      changes.operations.some(({ key }) => key === EXPIRY_KEY),
    );
  }

  /** What is written is what the client is given, or it is lost. */
  async #settleSealed(changes: SessionChanges | undefined): Promise<void> {
    const { client, record: before } = this.state;
    if (!client.isOpen) {
      return changes && client.refuseUnlessOpen('A session that travels with its client cannot be saved');
    }
    await this.#write(changes);
    const { record, policy } = this.state;
    if (record && record !== before) {
      client.giveSealed(await this.#repository.seal(record), record, policy);
    }
  }

  async #write(changes: SessionChanges | undefined): Promise<void> {
    const { status, record, content, origin } = this.state;
    switch (status) {
      case 'new':
        return isWorthASession(changes) ? this.create(changes) : undefined;
      case 'ended':
        return isWorthASession(changes) ? this.state.interrupt(origin.ended!.id) : undefined;
      case 'starting':
        return this.create(changes ?? content.noChanges());
      case 'regenerating':
        return this.#replace(record!, changes ?? content.noChanges());
      case 'stored':
        await (changes ? this.commit(record!, changes) : this.#touch(record!));
        return this.#isRenewalDue() ? this.#renew() : undefined;
      case 'interrupted':
    }
  }

  async #replace(before: SessionRecord, changes: SessionChanges, basis?: Basis): Promise<void> {
    const { client, content, origin, settings, staged } = this.state;
    client.refuseUnlessOpen('A session cannot be regenerated');
    const { token, login } = staged!;
    const identity = identityOf(staged!, before, origin.client, settings);
    const written = await this.#repository.replace(before, content, changes, identity, basis);
    if (written) {
      return this.#take(written, token, login);
    }
    return login ? this.#loginElsewhere(before, changes, login) : this.state.interrupt(before.id);
  }

  /**
   * The session of a login is gone. Where the same user has just logged in from it (a button that was clicked twice),
   * this login goes on from there; where it was nobody's, it begins a session of its own. A logout stays one.
   */
  async #loginElsewhere(
    before: SessionRecord,
    changes: SessionChanges,
    { userId }: SessionLogin,
  ): Promise<void> {
    const ended = { id: before.id, matches: (hash: string) => hash === before.secretHash };
    const heir = await this.#repository.heirOfUser(ended, userId);
    if (heir) {
      return this.#replace(heir.record, changes, 'another');
    }
    if (before.userId !== null) {
      return this.state.interrupt(before.id);
    }
    const { content, staged } = this.state;
    this.state.stage(undefined, staged!);
    content.keepOnly(changes);
    return this.create(content.noChanges());
  }

  /** The session is now this record, and the client is to get this token, unless a login has gone beyond the limit. */
  async #take(record: SessionRecord, token: SessionToken, login: SessionLogin | undefined): Promise<void> {
    try {
      if (login && !(await this.#repository.enforceLimit(record))) {
        return this.state.interrupt(record.id);
      }
    } catch (error) {
      if (error instanceof TooManySessionsError) {
        this.state.interrupt(record.id);
      }
      throw error;
    }
    this.state.become(record);
    this.state.client.give(token, record, this.state.policy);
  }

  async #touch(before: SessionRecord): Promise<void> {
    const { policy, settings } = this.state;
    if (!isTouchDue(before, policy, settings)) {
      return;
    }
    const activity = activityNow(before, policy, settings);
    if (await this.#repository.touch(before, activity)) {
      this.state.moved({ ...before, ...activity }, false);
    } else if (!this.#repository.isSealed) {
      // Another request has committed or ended the session: nothing is left to move, nor to be asked for again. A sealed
      // record would be sent for it, and take the place of what that other request has sent.
      this.state.see({ ...before, lastSeenAt: activity.lastSeenAt });
    }
  }

  async #renew(): Promise<void> {
    const { record, client } = this.state;
    const token = SessionToken.mint(record!.id);
    const written = await this.#repository.rotate(record!, token);
    if (written) {
      this.state.become(written);
      client.give(token, written, this.state.policy);
    } else {
      client.forget();
    }
  }

  #isRenewalDue(): boolean {
    const { status, record, client, settings } = this.state;
    return status === 'stored' && client.token && client.isOpen ? isRenewalDue(record!, settings) : false;
  }

  get #repository() {
    return this.state.repository;
  }
}
