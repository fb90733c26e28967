import { randomBytes } from 'node:crypto';
import type { SessionRecord } from '../stores/session-record.js';
import { sideId, type SideChange, type SideEntry, type SideKey, type SideRecords } from './side-records.js';
import type { SessionSettings } from './session-settings.js';

/** A session of a group. */
export interface Member {
  readonly id: string;
  /** When it entered the group, in milliseconds. */
  readonly since: number;
}

/** The sessions of one single sign-on, as this store knows them. */
export interface Group {
  /** Its sessions, in the order in which they came. Some may have ended, others are still to be stored. */
  readonly members: readonly Member[];
  /** The applications that keep their sessions of the group in stores of their own. */
  readonly parties: readonly string[];
  readonly status: 'open' | 'ended';
}

/** What single sign-on adds to groups where they reach beyond this store, or this application begins them. */
export interface GroupPolicy {
  /** Whether every login here begins a group, which ends with the session that began it. */
  readonly leads: boolean;
  /** Ends the group where it was begun. Run before it is ended here, by the wish of somebody who is in it. */
  endAtOrigin?(groupId: string): Promise<void>;
  /** Tells applications with stores of their own that a group has ended. */
  tell?(groupId: string, parties: readonly string[]): Promise<void>;
  /** Whether a group that was begun elsewhere is still known there. */
  confirm?(groupId: string): boolean | Promise<boolean>;
}

const NO_POLICY: GroupPolicy = { leads: false };
/** How long those may take who are joining a group at this moment, in milliseconds. So long its end is remembered. */
export const JOINING = 10 * 60 * 1000;
/** For sessions without an absolute timeout, in milliseconds. */
const WITHOUT_LIMIT = 400 * 24 * 60 * 60 * 1000;
/** From so many on, those who have ended are left out. */
const MANY_MEMBERS = 50;

/**
 * Sessions that end together: those that a single sign-on has brought about, on all applications that share the store.
 *
 * A session is in the list of its group before it is in the store, and the list takes nobody in once the group has ended.
 * So whoever ends a group knows all of it, however many sessions are beginning or changing their ids at that moment.
 */
export class SessionGroups {
  policy = NO_POLICY;

  constructor(
    private readonly side: SideRecords,
    private readonly settings: Pick<SessionSettings, 'now'>,
    private readonly isAlive: (id: string) => Promise<boolean>,
  ) {}

  /** The id of a group of its own. */
  static mint(): string {
    return randomBytes(16).toString('hex');
  }

  /** Takes a session in that is about to be stored, and begins the group with the first. Whether it may be stored. */
  async enter({ id, absoluteExpiresAt }: MemberRecord, groupId: string): Promise<boolean> {
    const since = this.settings.now();
    const until = absoluteExpiresAt ?? since + WITHOUT_LIMIT;
    const member: Member = { id, since };
    const group = await this.side.changeOrPut<Group>(
      keyOf(groupId),
      whileOpen(({ content, expiresAt }) => ({
        content: { ...content, members: [...content.members, member] },
        expiresAt: Math.max(expiresAt, until),
      })),
      { content: { members: [member], parties: [], status: 'open' }, expiresAt: until },
    );
    await this.#tidy(groupId, group);
    return group.status === 'open';
  }

  /** Whether there are sessions in the group that live. */
  async goesOn(groupId: string): Promise<boolean> {
    const group = await this.find(groupId);
    if (group?.status !== 'open') {
      return false;
    }
    for (const { id } of group.members.toReversed()) {
      if (await this.isAlive(id)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a session that has just been stored may stay: whoever has ended the group meanwhile has not found it. */
  async admits(record: MemberRecord, groupId: string): Promise<boolean> {
    const group = await this.find(groupId);
    const isMember = group?.members.some(({ id }) => id === record.id);
    return isMember ? group!.status === 'open' : this.enter(record, groupId);
  }

  /** The group; `undefined` when it has not begun, or its end is long forgotten. */
  async find(groupId: string): Promise<Group | undefined> {
    return (await this.side.get<Group>(keyOf(groupId)))?.content;
  }

  /** Notes an application that keeps sessions of the group elsewhere. Whether the group goes on. */
  async enlist(groupId: string, party: string): Promise<boolean> {
    const group = await this.#change(groupId, ({ content, expiresAt }) =>
      content.parties.includes(party)
        ? undefined
        : { content: { ...content, parties: [...content.parties, party] }, expiresAt },
    );
    return group?.status === 'open';
  }

  /**
   * Ends a group, and its sessions with `destroy`. `last` is the one that asks: it ends when all others have, so that a
   * failure on the way leaves it there to ask again, however much later. Whether `last` was alive.
   */
  async end(
    groupId: string,
    destroy: (id: string) => Promise<boolean>,
    last?: { readonly id: string; destroy(): Promise<boolean> },
  ): Promise<boolean> {
    const { members } = await this.close(groupId);
    // One after the other, as they came: a session that changes its id is gone before its successor is looked for. Who is
    // stored only later is not admitted.
    for (const { id } of members) {
      await (id !== last?.id && destroy(id));
    }
    const wasAlive = (await last?.destroy()) ?? false;
    await (members.length > 0 && this.#forget(groupId));
    return wasAlive;
  }

  /** Whether a session of the group may be used, as far as those say who began it. */
  confirm(groupId: string): boolean | Promise<boolean> {
    return this.policy.confirm?.(groupId) ?? true;
  }

  /** After this nobody is taken in. The group as it has ended. */
  async close(groupId: string): Promise<Group> {
    const remembered = this.settings.now() + JOINING;
    return this.side.changeOrPut<Group>(
      keyOf(groupId),
      whileOpen(({ content, expiresAt }) => ({
        content: { ...content, status: 'ended' },
        // As long as its sessions could have lived: should one not end now, it can be looked for later.
        expiresAt: Math.max(expiresAt, remembered),
      })),
      // Remembered also where there is nothing yet: a login may be on its way.
      { content: { members: [], parties: [], status: 'ended' }, expiresAt: remembered },
    );
  }

  /** All its sessions have ended: only who is joining it still needs to know. */
  async #forget(groupId: string): Promise<void> {
    const expiresAt = this.settings.now() + JOINING;
    await this.side.change<Group>(keyOf(groupId), ({ content }) => ({
      content: { ...content, members: [] },
      expiresAt,
    }));
  }

  #change(groupId: string, change: Change): Promise<Group | undefined> {
    return this.side.change<Group>(keyOf(groupId), whileOpen(change));
  }

  /** Takes those off the list that have ended, once there are many. Who is still joining has not ended, and is not there. */
  async #tidy(groupId: string, { members }: Group): Promise<void> {
    const joined = members.filter(({ since }) => since + JOINING <= this.settings.now()).map(({ id }) => id);
    if (joined.length < MANY_MEMBERS) {
      return;
    }
    const alive = await Promise.all(joined.map((id) => this.isAlive(id)));
    const ended = new Set(joined.filter((_, index) => !alive[index]));
    await this.#change(groupId, ({ content, expiresAt }) =>
      ended.size > 0
        ? { content: { ...content, members: content.members.filter(({ id }) => !ended.has(id)) }, expiresAt }
        : undefined,
    );
  }
}

type Change = (entry: SideEntry<Group>) => SideChange<Group> | undefined;

/** What has ended stays as it is. */
function whileOpen(change: Change): Change {
  return (entry) => (entry.content.status === 'ended' ? undefined : change(entry));
}

type MemberRecord = Pick<SessionRecord, 'id' | 'absoluteExpiresAt'>;

function keyOf(groupId: string): SideKey {
  return { id: sideId('nest-sessions/group', groupId), kind: 'nest-sessions/group' };
}
