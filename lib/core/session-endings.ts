import type { SessionRecord } from '../stores/session-record.js';
import type { SessionStore } from '../stores/session-store.js';
import { DeadTokens, type EndedToken, type SessionHeir } from './dead-tokens.js';
import type { OwnSessions } from './own-sessions.js';
import type { SessionGroups } from './session-groups.js';
import type { RevocationReason, SessionEvent, SessionEvents } from './session-events.js';
import type { SessionSettings } from './session-settings.js';
import { guardStore } from './store-guard.js';
import type { ClientToken } from './token-outcome.js';

/** What ends: one session, or all that a single sign-on has brought about with it. */
export type EndingScope = 'session' | 'group';

type MemberOfGroup = Pick<SessionRecord, 'id' | 'groupId'>;

/** How sessions end, and who is to hear of it: listeners, and the requests that come too late. */
export class SessionEndings {
  readonly #dead: DeadTokens;

  constructor(
    private readonly store: SessionStore,
    private readonly own: OwnSessions,
    private readonly groups: SessionGroups,
    private readonly events: SessionEvents,
    settings: SessionSettings,
  ) {
    this.#dead = new DeadTokens(settings);
  }

  /** Ends a session that nobody has loaded, unless it is another application's. Whether it was alive. */
  async revoke(id: string): Promise<boolean> {
    return !(await this.own.isForeign(id)) && this.destroy(id, 'revoke');
  }

  /** Ends a session at once, whoever is using it. Whether it was alive. */
  destroy(id: string, reason: RevocationReason): Promise<boolean> {
    return this.#destroy(id, { type: 'revoked', id, reason }, 'session');
  }

  /** Whether a session may be used, as far as those say who have begun its group. One that may not, ends. */
  async confirm({ id, groupId }: MemberOfGroup): Promise<boolean> {
    const isConfirmed = groupId === null || (await this.groups.confirm(groupId));
    await (isConfirmed || this.destroy(id, 'group'));
    return isConfirmed;
  }

  /**
   * Ends all sessions of a group, and tells the applications that have others, but the one that asks. How many there were
   * in this store.
   */
  async destroyGroup(groupId: string, asker?: string): Promise<number> {
    let count = 0;
    await this.groups.end(groupId, async (id) => {
      const wasAlive = await this.#destroyMember(id);
      count += Number(wasAlive);
      return wasAlive;
    });
    await this.#tell(groupId, asker);
    return count;
  }

  /** Ends the group that a session has begun and is about to leave, for that of another login. Not the session. */
  async leaveGroup(session: MemberOfGroup, successor: MemberOfGroup): Promise<void> {
    const { groupId } = session;
    if (this.groups.policy.leads && groupId !== null && groupId !== successor.groupId) {
      await this.groups.end(groupId, async (id) => id !== session.id && this.#destroyMember(id));
      await this.#tell(groupId);
    }
  }

  /** Ends the sessions of a user at once, but one perhaps. @throws SessionCapabilityError when the store cannot find them. */
  async destroyByUser(userId: string, options: { readonly except?: string }): Promise<number> {
    const count = this.groups.policy.leads
      ? await this.own.destroyEachOfUser(userId, options, (id) => this.#destroy(id, undefined, 'session'))
      : await this.own.destroyOfUser(userId, options);
    if (count > 0) {
      this.events.emit({ type: 'revoked-all', userId, count, ...options });
    }
    return count;
  }

  /**
   * Ends a session by its own wish, or its whole group. Where its client is told, later requests with its token are
   * latecomers.
   */
  async flush(
    { id, userId }: SessionHeir,
    clientIsTold: boolean,
    reason: 'flush' | 'logout',
    scope: EndingScope,
  ): Promise<void> {
    const event: SessionEvent =
      reason === 'logout' && userId !== null
        ? { type: 'logout', id, userId }
        : { type: 'revoked', id, reason: 'flush' };
    const end = async (): Promise<void> => {
      if (!(await this.#destroy(id, event, scope))) {
        // Another request may have given it a new id since this one loaded it.
        const heirs = this.heirsOf({ id, matches: () => true });
        await Promise.all(heirs.map((heir) => this.flush(heir, clientIsTold, reason, scope)));
      }
    };
    // Also when there was nothing to end: the client is told all the same.
    await (clientIsTold ? this.#dead.while(id, undefined, end, () => true) : end());
  }

  /** Has another session take the place of one; what `replace` gives is nothing when it has not. */
  byReplacement<T>(
    { id, secretHash }: { readonly id: string; readonly secretHash: string },
    heir: SessionHeir,
    replace: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.#dead.while(id, { ...heir, secretHash }, replace, (result) => result !== undefined);
  }

  /** A secret was renewed: responses that were decided before must not bring it back. */
  ofSecret(secretHash: string): void {
    this.#dead.add(secretHash);
  }

  /** The sessions that have taken the place of one that has just ended. */
  heirsOf(ended: EndedToken): SessionHeir[] {
    return this.#dead.heirsOf(ended);
  }

  /** Whether the client has just been told that this id is dead. */
  hasJustEnded(id: string): boolean {
    return this.#dead.hasJust(id);
  }

  /** Whether the client has been given another token since, or none. */
  isDead(token: ClientToken): boolean {
    return this.#dead.has(token.id) || (token.secretHash !== undefined && this.#dead.has(token.secretHash));
  }

  /** With the session that began a group, the group ends; with any other one that leaves it, when that is asked for. */
  async #destroy(id: string, event: SessionEvent | undefined, scope: EndingScope): Promise<boolean> {
    const { policy } = this.groups;
    const groupId = policy.leads || scope === 'group' ? ((await this.own.head(id))?.groupId ?? null) : null;
    if (groupId === null) {
      return this.#destroyAlone(id, event);
    }
    if (scope === 'group') {
      await policy.endAtOrigin?.(groupId);
    }
    const wasAlive = await this.groups.end(groupId, (member) => this.#destroyMember(member), {
      id,
      destroy: () => this.#destroyAlone(id, event),
    });
    await this.#tell(groupId);
    return wasAlive;
  }

  #destroyMember(id: string): Promise<boolean> {
    return this.#destroyAlone(id, { type: 'revoked', id, reason: 'group' });
  }

  async #destroyAlone(id: string, event: SessionEvent | undefined): Promise<boolean> {
    const wasAlive = await guardStore('destroy', this.events, () => this.store.destroy(id));
    if (wasAlive && event) {
      this.events.emit(event);
    }
    return wasAlive;
  }

  async #tell(groupId: string, asker?: string): Promise<void> {
    const { policy } = this.groups;
    if (policy.tell) {
      const { parties } = await this.groups.close(groupId);
      await policy.tell(
        groupId,
        parties.filter((party) => party !== asker),
      );
    }
  }
}
