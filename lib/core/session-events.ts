import { channel } from 'node:diagnostics_channel';
import { Subject } from 'rxjs';

export type RevocationReason = 'flush' | 'revoke' | 'limit' | 'group' | 'secret-reuse';

/**
 * Something that happened to a session. It carries ids, never a token.
 *
 * @publicApi
 */
export type SessionEvent =
  /** A session was stored for the first time. */
  | { readonly type: 'created'; readonly id: string }
  /** A user logged in. The session has a new id; `previousId` is that of the session before, which is dead. */
  | { readonly type: 'login'; readonly id: string; readonly userId: string; readonly previousId?: string }
  /** A user logged out. */
  | { readonly type: 'logout'; readonly id: string; readonly userId: string }
  /** A session got a new id; the old one is dead. */
  | { readonly type: 'regenerated'; readonly id: string; readonly previousId: string }
  /** A session got a new secret by `renewEvery`; the id stayed. */
  | { readonly type: 'renewed'; readonly id: string }
  /** Expired records were cleared away. */
  | { readonly type: 'expired'; readonly count: number }
  /**
   * A session was destroyed: by its own `flush()`, by `SessionService.revoke()`, by `maxSessionsPerUser` (`limit`), with
   * the single sign-on that it came from (`group`), or because a secret came back after its grace, which is a sign of
   * theft.
   */
  | { readonly type: 'revoked'; readonly id: string; readonly reason: RevocationReason }
  /** `SessionService.revokeAll()` ended this many sessions of a user, all but `except`. */
  | {
      readonly type: 'revoked-all';
      readonly userId: string;
      readonly count: number;
      readonly except?: string;
    }
  /** A request's changes were dropped because another request had ended the session. */
  | { readonly type: 'interrupted'; readonly id: string }
  /** Another request committed first; the changes are put on top of its state. */
  | { readonly type: 'conflict'; readonly id: string; readonly attempt: number }
  /**
   * A token was presented that belongs to no living session of this application. `id` is absent when it was malformed, and
   * when the store seals sessions into their tokens.
   */
  | { readonly type: 'unknown-token'; readonly id?: string; readonly ip: string | null }
  /**
   * A page of another site has tried to open a WebSocket; it was closed before the session was read. `origin` is what the
   * browser said, or empty.
   */
  | { readonly type: 'foreign-origin'; readonly origin: string; readonly ip: string | null }
  /** A request carried several different tokens; none was trusted. */
  | { readonly type: 'duplicate-cookie'; readonly count: number; readonly ip: string | null }
  /**
   * Stored data does not fit the module's option `data`, at these paths (20 at the most). The request that loads the session goes without
   * it; nothing is written because of that, but the next commit of a change leaves it out.
   */
  | { readonly type: 'invalid-data'; readonly id: string; readonly paths: readonly string[] }
  /** A stored record could not be read back. */
  | { readonly type: 'corrupt'; readonly id: string }
  /** The store failed. */
  | { readonly type: 'store-error'; readonly verb: string; readonly error: unknown };

/** The name of the `node:diagnostics_channel` that carries every {@link SessionEvent}. */
export const SESSION_CHANNEL = 'nest-sessions';

/** Tells what happens, to an Observable and to `node:diagnostics_channel`. Free while nobody listens. */
export class SessionEvents {
  readonly #subject = new Subject<SessionEvent>();
  readonly #channel = channel(SESSION_CHANNEL);
  readonly observable = this.#subject.asObservable();

  emit(event: SessionEvent): void {
    this.#subject.next(event);
    if (this.#channel.hasSubscribers) {
      this.#channel.publish(event);
    }
  }

  complete(): void {
    this.#subject.complete();
  }
}
