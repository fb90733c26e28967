import type { SessionRecord } from '../stores/session-record.js';
import type { OwnSessions } from './own-sessions.js';
import type { SessionEndings } from './session-endings.js';
import type { SessionLimitSettings } from './session-settings.js';
import { TooManySessionsError } from './session.errors.js';

/** Keeps users from having more sessions than they may. The oldest is the one whose login is longest ago. */
export class SessionLimit {
  constructor(
    private readonly sessions: Pick<OwnSessions, 'ofUser'>,
    private readonly endings: Pick<SessionEndings, 'destroy'>,
    private readonly settings: SessionLimitSettings,
  ) {}

  /**
   * Before a login: whether it has a chance. `replaced` is the session that would be the new one.
   * @throws TooManySessionsError
   */
  async check(userId: string, replaced: string | undefined): Promise<void> {
    const { limit, exceeded } = this.settings;
    if (exceeded === 'refuse') {
      const others = (await this.sessions.ofUser(userId)).filter(({ id }) => id !== replaced);
      if (others.length >= limit) {
        throw new TooManySessionsError(limit);
      }
    }
  }

  /**
   * After a login, when its session is there to be seen by every other login that is looking at this moment: the last
   * one to look sees them all, so that they never pass the limit together. Whether the session may stay.
   * @throws TooManySessionsError when it is the one too many; it is ended again.
   */
  async enforce({ id, userId }: SessionRecord): Promise<boolean> {
    const { limit, exceeded } = this.settings;
    const oldestFirst = (await this.sessions.ofUser(userId!)).toSorted(byLogin);
    const excess = oldestFirst.length - limit;
    if (excess <= 0) {
      return true;
    }
    if (exceeded === 'refuse') {
      await this.endings.destroy(id, 'limit');
      throw new TooManySessionsError(limit);
    }
    // Every login that looks now picks the same ones, itself perhaps.
    const evicted = oldestFirst.slice(0, excess);
    await Promise.all(evicted.map((record) => this.endings.destroy(record.id, 'limit')));
    return evicted.every((record) => record.id !== id);
  }
}

function byLogin(one: SessionRecord, other: SessionRecord): number {
  return loginOf(one) - loginOf(other) || (one.id < other.id ? -1 : 1);
}

/** Who comes by a single sign-on has proved who they are before, and logs in here when the session begins. */
function loginOf({ authenticatedAt, createdAt }: SessionRecord): number {
  return Math.max(authenticatedAt ?? 0, createdAt);
}
