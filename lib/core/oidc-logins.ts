import type { OidcLogin } from './oidc-login.js';
import type { LoginOrigin } from './session-login.js';
import { JOINING, SessionGroups } from './session-groups.js';
import { SessionCapabilityError, SessionInterruptedError } from './session.errors.js';
import type { SessionRepository } from './session.repository.js';
import type { SideKind } from './side-record.js';
import { sideId, type SideKey } from './side-records.js';

/** A logout that a provider has told of. */
interface Logout {
  /** When the message was issued, in seconds. Left out: it names the login itself, whenever that was. */
  readonly iat?: number | undefined;
  /** Until when it is remembered, in milliseconds. */
  readonly until: number;
  /** Whether it has found nothing to end: then it is meant for the next login that does not say when it was. */
  readonly isPending: boolean;
}

/** The logins at this application that a provider can end together, each a group of sessions. */
interface Logins {
  readonly groups: readonly { readonly id: string; readonly since: number }[];
  readonly logout?: Logout | undefined;
}

const OF_LOGIN = 'nest-sessions/oidc-session';
const OF_USER = 'nest-sessions/oidc-subject';

/** From so many on, those are looked for that have ended; so many at a time. */
const MANY_GROUPS = 50;
/** For sessions without an absolute timeout, in milliseconds. */
const WITHOUT_LIMIT = 400 * 24 * 60 * 60 * 1000;

/** Logins that come from identity providers, and end when those say so. */
export class OidcLogins {
  constructor(private readonly repository: SessionRepository) {}

  /**
   * Where a login comes from. Its session is not there yet: a logout that is told from now on ends it, or keeps it from
   * being stored. `present` is the group in which the same user is logged in already, if any: who comes back from the
   * provider with the same login goes on in it.
   * @throws SessionInterruptedError when the provider has told of its logout already.
   * @throws SessionCapabilityError when every client holds a record of its own.
   */
  async begin(
    { iss, sub, sid, iat, auth_time: provedAt }: OidcLogin,
    present: string | null,
  ): Promise<LoginOrigin> {
    const { isSealed, settings, store } = this.repository;
    if (isSealed) {
      throw new SessionCapabilityError(store.name, 'end a session when its identity provider says so');
    }
    const lists = [
      this.#keyOf(OF_USER, iss, sub),
      ...(sid === undefined ? [] : [this.#keyOf(OF_LOGIN, iss, sid)]),
    ];
    // Else not one that is made of the `sid`: what the application has ended must not keep the browser from coming back.
    const groupId = (await this.#goesOn(lists.at(-1)!, present)) ? present! : SessionGroups.mint();
    for (const list of lists) {
      if (!(await this.#admit(list, groupId, iat))) {
        throw new SessionInterruptedError();
      }
    }
    return {
      groupId,
      ...(provedAt !== undefined && { authenticatedAt: Math.min(provedAt * 1000, settings.now()) }),
    };
  }

  /** The user has logged out of one login at the provider. How many sessions that has ended. */
  endSession(iss: string, sid: string): Promise<number> {
    return this.#end(this.#keyOf(OF_LOGIN, iss, sid));
  }

  /**
   * The user has logged out of all logins at the provider, which said so at `iat`, in seconds. How many sessions that has
   * ended.
   */
  endSubject(iss: string, sub: string, iat: number): Promise<number> {
    return this.#end(this.#keyOf(OF_USER, iss, sub), iat);
  }

  async #end(list: SideKey, iat?: number): Promise<number> {
    const { endings, settings, side } = this.repository;
    const until = settings.now() + JOINING;
    const logout: Logout = { iat, until, isPending: true };
    // First told to those who are logging in, then to those who have: nobody is left between the two.
    const { groups } = await side.changeOrPut<Logins>(
      list,
      ({ content, expiresAt }) => ({
        content: {
          ...content,
          logout: { ...logout, iat: iat && Math.max(iat, content.logout?.iat ?? 0) },
        },
        expiresAt: Math.max(expiresAt, until),
      }),
      { content: { groups: [], logout }, expiresAt: until },
    );
    let count = 0;
    for (const { id } of groups) {
      count += await endings.destroyGroup(id);
    }
    if (groups.length > 0) {
      const ended = new Set(groups.map(({ id }) => id));
      await side.change<Logins>(list, ({ content, expiresAt }) => ({
        content: {
          groups: content.groups.filter(({ id }) => !ended.has(id)),
          logout: content.logout && { ...content.logout, isPending: content.logout.isPending && count === 0 },
        },
        expiresAt,
      }));
    }
    return count;
  }

  /** Whether a group is on a list, and open. */
  async #goesOn(list: SideKey, groupId: string | null): Promise<boolean> {
    const { groups, side } = this.repository;
    if (groupId === null || (await groups.find(groupId))?.status !== 'open') {
      return false;
    }
    const known = await side.get<Logins>(list);
    return known?.content.groups.some(({ id }) => id === groupId) ?? false;
  }

  /** Puts a login on a list, unless the user has logged out of it already. Whether it has. */
  async #admit(list: SideKey, groupId: string, iat: number | undefined): Promise<boolean> {
    const { now, absoluteTimeout = WITHOUT_LIMIT } = this.repository.settings;
    const since = now();
    const until = since + absoluteTimeout;
    const login = { id: groupId, since };
    let isAdmitted = true;
    const { groups } = await this.repository.side.changeOrPut<Logins>(
      list,
      ({ content, expiresAt }) => {
        const logout = content.logout && content.logout.until > since ? content.logout : undefined;
        isAdmitted = !logout || !isMeant(logout, iat);
        if (isAdmitted) {
          const others = content.groups.filter(({ id }) => id !== groupId);
          return { content: { groups: [...others, login], logout }, expiresAt: Math.max(expiresAt, until) };
        }
        // One that says when it was is not the one that the logout waits for.
        const isPending = logout!.isPending && iat !== undefined;
        return { content: { ...content, logout: { ...logout!, isPending } }, expiresAt };
      },
      { content: { groups: [login] }, expiresAt: until },
    );
    await this.#tidy(list, groups);
    return isAdmitted;
  }

  /** Takes logins off the list that have ended, once there are many. */
  async #tidy(list: SideKey, groups: Logins['groups']): Promise<void> {
    const { groups: all, settings, side } = this.repository;
    const begun = groups.filter(({ since }) => since + JOINING <= settings.now());
    if (begun.length < MANY_GROUPS) {
      return;
    }
    // Each time others, so that it comes to none that is always there.
    const first = Math.floor(Math.random() * begun.length);
    const some = [...begun.slice(first), ...begun.slice(0, first)].slice(0, MANY_GROUPS);
    const ended = new Set<string>();
    for (const { id } of some) {
      if (!(await all.goesOn(id))) {
        ended.add(id);
      }
    }
    await side.change<Logins>(list, ({ content, expiresAt }) => ({
      content: {
        ...content,
        groups: content.groups.filter(({ id, since }) => !ended.has(id) || since + JOINING > settings.now()),
      },
      expiresAt,
    }));
  }

  /** Of this application: others have keys of their own, and are told by the provider themselves. */
  #keyOf(kind: SideKind, iss: string, name: string): SideKey {
    return { id: sideId(kind, this.repository.settings.audience ?? '', iss, name), kind };
  }
}

/** Whether a logout is meant for a login that comes now, whose token was issued at `iat`, in seconds. */
function isMeant(logout: Logout, iat: number | undefined): boolean {
  if (logout.iat === undefined) {
    return true;
  }
  return iat === undefined ? logout.isPending : iat <= logout.iat;
}
