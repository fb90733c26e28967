import { ActiveSession } from '../core/active-session.js';
import { openSession } from '../core/open-session.js';
import { SessionContext } from '../core/session-context.js';
import { SessionInterruptedError } from '../core/session.errors.js';
import type { StoredSession } from '../core/session.repository.js';
import { clientOf } from '../http/client-of.js';
import { presentedTokens } from '../http/presented-tokens.js';
import type { SessionHttp } from '../http/session-http.js';
import type { LiveMembers } from './live-members.js';
import type { SocketClient } from './socket-client.js';
import { SocketMessage } from './socket-message.js';

/** How long a handler that ends its own session may take to answer, in milliseconds. */
const LONGEST_GOODBYE = 1000;

/** One connected socket, and the session that its handshake has proved a right to. */
export class LiveSocket {
  readonly #tokens: readonly string[];
  readonly #origin;
  #joining: Promise<void> | undefined;
  #member: { readonly id: string; readonly userId: string | undefined } | undefined;
  #isOver = false;

  constructor(
    private readonly client: SocketClient,
    private readonly http: SessionHttp,
    private readonly members: LiveMembers,
  ) {
    this.#tokens = presentedTokens(http.transports, client.handshake).tokens;
    // No token ever leaves by a socket: a browser would not keep it.
    this.#origin = { client: clientOf(client.handshake), canSendToken: () => false };
    client.onClose(() => this.#leave());
    client.onMessage((deliver) => {
      if (!this.#isOver) {
        new SocketMessage(this).run(deliver);
      }
    });
    // Who fails here is asked again by the first message that wants the session.
    this.#join().catch(() => undefined);
  }

  get id(): string | undefined {
    return this.#member?.id;
  }

  get userId(): string | undefined {
    return this.#member?.userId;
  }

  /** The session as it is now. @throws SessionInterruptedError when it has ended, and the socket with it. */
  async load(): Promise<ActiveSession> {
    await this.#join();
    if (this.#isOver) {
      throw new SessionInterruptedError();
    }
    if (!this.#member) {
      return new ActiveSession(this.http.repository, this.#origin);
    }
    const stored = await this.#stored();
    if (!stored || this.#isOver) {
      this.end();
      throw new SessionInterruptedError();
    }
    return new ActiveSession(this.http.repository, { ...this.#origin, stored });
  }

  /** Closes the socket when its session has ended. Rejects, and closes nothing, when the store does not say. */
  async revalidate(): Promise<void> {
    if (this.#member && !(await this.#stored())) {
      this.end();
    }
  }

  /** Closes the socket: its session has ended. Whoever has ended it by a message of this socket is answered first. */
  end(): void {
    if (this.#isOver) {
      return;
    }
    this.#leave();
    const cause = SessionContext.current();
    // What happens to the socket is no part of the request that has ended the session.
    SessionContext.outside(() => {
      const close = () => this.client.close('The session has ended.');
      if (cause instanceof SocketMessage && cause.socket === this) {
        setTimeout(close, LONGEST_GOODBYE).unref();
        cause.whenDone(() => setImmediate(close));
      } else {
        close();
      }
    });
  }

  #leave(): void {
    this.#isOver = true;
    this.members.remove(this);
  }

  /** Proves the token of the handshake, once: later on it may be the old secret of a session that goes on. */
  #join(): Promise<void> {
    this.#joining ??= this.#open().catch((error: unknown) => {
      this.#joining = undefined;
      throw error;
    });
    return this.#joining;
  }

  async #open(): Promise<void> {
    if (this.#tokens.length === 0) {
      return;
    }
    const { endings } = this.members;
    const { id, userId } = await openSession(this.http.repository, this.#tokens, this.#origin);
    if (id === undefined || this.#isOver) {
      return;
    }
    this.#member = { id, userId };
    this.members.add(this);
    if (this.members.endings !== endings) {
      // It may have been this one, while it was being loaded.
      await this.revalidate();
    }
  }

  async #stored(): Promise<StoredSession | undefined> {
    const { repository } = this.http;
    const { id } = this.#member!;
    if (repository.isSealed && repository.endings.hasJustEnded(id)) {
      return undefined;
    }
    const stored = await (repository.isSealed ? repository.unseal(this.#tokens[0]!) : repository.load(id));
    return stored && stored !== 'corrupt' && (await repository.endings.confirm(stored.record))
      ? stored
      : undefined;
  }
}
