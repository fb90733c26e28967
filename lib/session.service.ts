import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { ActiveSession } from './core/active-session.js';
import { currentSession } from './core/current-session.js';
import { DetachedSession } from './core/detached-session.js';
import { openSession } from './core/open-session.js';
import { NO_CLIENT } from './core/session-client.interface.js';
import { SessionContext } from './core/session-context.js';
import type { DefaultSessionData } from './core/session-data.interface.js';
import type { SessionEvent } from './core/session-events.js';
import type { SessionInfo } from './core/session-info.interface.js';
import { oidcLoginProblem, type OidcLogin } from './core/oidc-login.js';
import { OidcLogins } from './core/oidc-logins.js';
import { methodsOf } from './core/session-login.js';
import type { Session } from './core/session.interface.js';
import { SessionCapabilityError } from './core/session.errors.js';
import { SessionRepository } from './core/session.repository.js';
import { SessionToken } from './core/session-token.js';
import type { SessionRecord } from './stores/session-record.js';
import type { ClearExpiredOptions } from './stores/session-store.js';

/** What the column of the user holds in a database. */
const LONGEST_USER_ID = 255;

/**
 * How a user logs in.
 *
 * @publicApi
 */
export interface LoginOptions {
  /** How the user has proved to be who they are, such as `['pwd', 'otp']` (RFC 8176). Default: none. */
  readonly methods?: readonly string[];
  /**
   * `true`: the cookie survives the browser; `false`: it ends with it. Left out: as the session is, or as the module
   * says.
   */
  readonly remember?: boolean;
  /**
   * What an identity provider has said of the login: the claims of its ID token, verified. The session ends when the
   * provider says so (`OidcLogoutModule`).
   */
  readonly oidc?: OidcLogin;
}

/**
 * Sessions from everywhere: the one of the running request, any one by its id, and all of them.
 *
 * @publicApi
 */
@Injectable()
export class SessionService {
  /** What happens to sessions. Also on the `node:diagnostics_channel` named `nest-sessions`. */
  readonly events: Observable<SessionEvent>;

  constructor(private readonly repository: SessionRepository) {
    this.events = repository.events.observable;
  }

  /**
   * The session of the running request, or of the enclosing `run()`; the first call loads it.
   * @throws SessionContextError outside of both.
   */
  async current<T extends object = DefaultSessionData>(): Promise<Session<T>> {
    return typed<T>(await currentSession());
  }

  /**
   * Runs a function with a session outside a request: `current()` gives it inside. What the function changes is
   * committed when it is done; when it throws, nothing is. A token that belongs to no session gives an empty one, which
   * stays so: nobody could be given its token.
   */
  async run<R>(tokenOrSession: string | Session<any>, fn: () => R | Promise<R>): Promise<R> {
    const session =
      typeof tokenOrSession === 'string'
        ? await openSession(this.repository, [tokenOrSession], {
            client: NO_CLIENT,
            canSendToken: () => false,
          })
        : active(tokenOrSession);
    const result = await new DetachedSession(session).run(fn);
    if (!session.isNew) {
      await session.settle();
    }
    return result;
  }

  /** Starts a session that belongs to no request, and stores it at once. */
  async create<T extends object = DefaultSessionData>(data: Partial<NoInfer<T>> = {}): Promise<Session<T>> {
    if (this.repository.isSealed) {
      throw new SessionCapabilityError(this.repository.store.name, 'keep a session that no client holds');
    }
    const session = new ActiveSession(this.repository, { client: NO_CLIENT });
    session.update(data as Record<string, unknown>);
    await session.store();
    return typed<T>(session);
  }

  /** The session of an id; `undefined` when there is none alive. What is changed in it takes a `save()`, or `run()`. */
  async open<T extends object = DefaultSessionData>(id: string): Promise<Session<T> | undefined> {
    const stored = SessionToken.isId(id) ? await this.repository.load(id) : undefined;
    return stored && stored !== 'corrupt'
      ? typed<T>(new ActiveSession(this.repository, { client: NO_CLIENT, stored, canSendToken: () => false }))
      : undefined;
  }

  /**
   * The living sessions of a user, last seen first.
   * @throws SessionCapabilityError when the store cannot find them.
   */
  async list(userId: string): Promise<SessionInfo[]> {
    const records = await this.repository.findByUser(userId);
    const current = records.length > 0 ? await SessionContext.current()?.session() : undefined;
    return records.map((record) => ({
      ...infoOf(record, record.id === current?.id),
      methods: methodsOf(record, this.repository.settings),
    }));
  }

  /**
   * Logs a user in: the session of the running request becomes theirs with the response, under a new id and secret, and
   * the old ones are dead. What an anonymous visitor has in the session stays, and so it does when the same user logs
   * in again; what is another user's goes. Both timeouts begin anew. A response of 500 or above undoes it. Django: `login`.
   *
   * Do it whenever a user has proved who they are: with a password, again before something delicate, with a second
   * factor.
   *
   * @param userId Text of 1 to 255 characters. Give `String(user.id)` for other keys.
   * @throws TooManySessionsError beyond `maxSessionsPerUser`.
   * @throws SessionInterruptedError when the identity provider has told of the logout before.
   * @throws SessionUndeliverableError when the response has begun, or there is none.
   * @throws TypeError when `userId`, `methods` or `oidc` cannot be stored.
   */
  async login(userId: string, { methods = [], remember, oidc }: LoginOptions = {}): Promise<void> {
    if (typeof userId !== 'string' || userId === '' || userId.length > LONGEST_USER_ID) {
      throw new TypeError(
        `login() takes the user's id as text of 1 to ${LONGEST_USER_ID} characters: String(user.id).`,
      );
    }
    if (!Array.isArray(methods) || !methods.every((method) => typeof method === 'string')) {
      throw new TypeError("login() takes methods as a list of names, such as ['pwd', 'otp'].");
    }
    const problem = oidc !== undefined && oidcLoginProblem(oidc);
    if (problem) {
      throw new TypeError(`login() takes oidc as the claims of an ID token: ${problem}.`);
    }
    const session = await currentSession();
    const { storedLogin: present } = session;
    const group = present?.userId === userId ? present.groupId : null;
    const origin = oidc && (await new OidcLogins(this.repository).begin(oidc, group));
    await session.login({ userId, methods, remember, ...(origin && { origin }) });
  }

  /**
   * Ends the session of the running request at once, whatever becomes of the response; the browser loses its cookie.
   * Requests that are using the session at this moment can change nothing any more. Django: `logout`.
   *
   * `everywhere` ends all sessions that the same single sign-on has brought about, on every application; without one that
   * is this session alone.
   */
  async logout({ everywhere = false }: { readonly everywhere?: boolean } = {}): Promise<void> {
    await (await currentSession()).logout(everywhere ? 'group' : 'session');
  }

  /**
   * Ends the sessions of a user at once, whoever is using them: all, or all but one, such as the present one after a
   * change of password. How many there were.
   * @throws SessionCapabilityError when the store cannot find them.
   */
  revokeAll(userId: string, { except }: { readonly except?: string } = {}): Promise<number> {
    return this.repository.endings.destroyByUser(userId, { except });
  }

  /**
   * Ends a session at once, whoever is using it. Whether there was one.
   * @throws SessionCapabilityError when the store cannot end a session that its client still holds.
   */
  async revoke(id: string): Promise<boolean> {
    if (!this.repository.store.capabilities.revocable) {
      throw new SessionCapabilityError(
        this.repository.store.name,
        'end a session that its client still holds',
      );
    }
    return SessionToken.isId(id) && this.repository.endings.revoke(id);
  }

  /** Deletes expired sessions in batches, without holding up live traffic. How many. Django: `clearsessions`. */
  clearExpired(options?: ClearExpiredOptions): Promise<number> {
    return this.repository.clearExpired(options);
  }
}

function infoOf(record: SessionRecord, current: boolean): Omit<SessionInfo, 'methods'> {
  return {
    id: record.id,
    createdAt: new Date(record.createdAt),
    authenticatedAt: record.authenticatedAt === null ? undefined : new Date(record.authenticatedAt),
    lastSeenAt: new Date(record.lastSeenAt),
    expiresAt: new Date(record.expiresAt),
    ip: record.ip ?? undefined,
    userAgent: record.userAgent ?? undefined,
    current,
  };
}

/** The object is one for every shape of data; only its type differs. */
function typed<T extends object>(session: ActiveSession): Session<T> {
  return session as unknown as Session<T>;
}

function active(session: Session<any>): ActiveSession {
  if (session instanceof ActiveSession) {
    return session;
  }
  throw new TypeError('SessionService.run() takes a token or a session that create() or open() gave.');
}
