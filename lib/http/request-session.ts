import { HttpException, Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { ActiveSession } from '../core/active-session.js';
import { openSession } from '../core/open-session.js';
import { SessionContext } from '../core/session-context.js';
import { clientOf } from './client-of.js';
import type { HttpRequest } from './http-exchange.interface.js';
import { presentedTokens } from './presented-tokens.js';
import { RequestLock } from './request-lock.js';
import { ResponseGate } from './response-gate.js';
import type { SessionHttp } from './session-http.js';
import type { SessionTransport } from './session-transport.interface.js';
import { addVary } from './vary.js';

/** The session of one HTTP request. Until somebody asks for it, this is all that a request pays. */
export class RequestSession extends SessionContext {
  static readonly #logger = new Logger('SessionModule');
  #opening: Promise<ActiveSession> | undefined;
  #session: ActiveSession | undefined;
  #gate: ResponseGate | undefined;
  readonly #headers: (() => void)[] = [];
  #replyTo: readonly SessionTransport[] = [];
  #lock: RequestLock | undefined;

  constructor(
    private readonly http: SessionHttp,
    readonly request: HttpRequest,
    readonly response: ServerResponse,
  ) {
    super();
  }

  session(): Promise<ActiveSession> {
    return (this.#opening ??= this.#open());
  }

  /**
   * Commits, when there is something to commit and the response is still to come. For the end of a handler. What fails,
   * fails by the promise, also where a value is found at once that cannot be kept.
   */
  settle(): Promise<void> | undefined {
    try {
      return this.#session && this.#gate?.status === 'waiting' && this.response.statusCode < 500
        ? this.#session.settle()
        : undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The session tokens, unchecked, that the browser sends by itself, whoever has made it send the request. */
  ambientTokens(): readonly string[] {
    return this.http.transports
      .filter(({ header }) => header === 'Cookie')
      .flatMap((transport) => transport.read(this.request));
  }

  /**
   * Waits until no other request of the session is in a locked handler. What it gives says that this handler is done;
   * the lock is let go when all are and the answer is decided, since a filter's answer may commit something still. The
   * resolvers of one GraphQL request share the lock, or the second would wait for the first for ever.
   */
  lock(): Promise<() => void> {
    this.#lock ??= this.#newLock();
    return this.#lock.enter();
  }

  #newLock(): RequestLock {
    const lock = new RequestLock(async () => (await this.session()).lock());
    this.beforeHead(() => lock.decided());
    if (this.response.closed) {
      lock.decided();
    } else {
      this.response.once('close', () => lock.decided());
    }
    return lock;
  }

  /** Sets headers just before the head leaves, when nobody overwrites them any more; not at all when it has left. */
  beforeHead(setHeaders: () => void): void {
    this.#headers.push(setHeaders);
    this.#guardResponse();
  }

  #guardResponse(): void {
    if (!this.#gate && !this.response.headersSent) {
      this.#gate = new ResponseGate(this.response, () => this.#prepare(), answerTo);
    }
  }

  /** Drops what could not be committed: its failure is the answer, and sending that is not to try again. */
  drop(): void {
    this.#session?.drop();
  }

  #open(): Promise<ActiveSession> {
    // First of all, so that no byte leaves while the session is being loaded.
    this.#guardResponse();
    this.response.once('close', () => this.#reportUnsaved());
    return openSession(this.http.repository, this.#present(), {
      client: clientOf(this.request),
      canSendToken: () => this.#gate?.status === 'waiting' || this.#gate?.status === 'holding',
    }).then((session) => (this.#session = session));
  }

  #present(): readonly string[] {
    const { transports } = this.http;
    const { tokens, by } = presentedTokens(transports, this.request);
    // A token that came by cookie only does not go out by header, where scripts could read it.
    this.#replyTo = by.length > 0 ? by : transports;
    return tokens;
  }

  #prepare(): Promise<void> | undefined {
    const session = this.#session;
    if (!session) {
      return this.#opening
        ? this.#opening.then(
            () => this.#prepare(),
            // Whoever asked has been told, and the client keeps what it has.
            () => this.#writeOwnHeaders(),
          )
        : this.#writeOwnHeaders();
    }
    const fail = (error: unknown): never => {
      // What was committed before stays so, and the client must hear of it.
      this.response.statusCode = 500;
      this.#writeHeaders(session);
      throw error;
    };
    try {
      const work = this.response.statusCode < 500 ? session.settle() : undefined;
      return work ? work.then(() => this.#writeHeaders(session), fail) : this.#writeHeaders(session);
    } catch (error) {
      return fail(error);
    }
  }

  #writeHeaders(session: ActiveSession): undefined {
    const { response } = this;
    const outcome = session.outcome(response.statusCode);
    for (const transport of this.#replyTo) {
      if (outcome.kind === 'send') {
        const now = this.http.repository.settings.now();
        const maxAge = outcome.expiresAt && Math.max(0, Math.ceil((outcome.expiresAt - now) / 1000));
        transport.send(this, outcome.token.reveal(), maxAge);
      } else if (outcome.kind === 'clear') {
        transport.clear(this);
      }
    }
    const isPrivate = outcome.kind !== 'keep' || session.userId !== undefined;
    if (isPrivate && !response.hasHeader('Cache-Control')) {
      response.setHeader('Cache-Control', 'no-store');
    }
    for (const { header } of this.http.transports) {
      addVary(response, header);
    }
    return this.#writeOwnHeaders();
  }

  #writeOwnHeaders(): undefined {
    for (const setHeaders of this.#headers.splice(0)) {
      setHeaders();
    }
  }

  #reportUnsaved(): void {
    const isOver = this.#gate === undefined || this.#gate.status === 'open';
    if (!this.#session || !isOver || this.response.statusCode >= 500) {
      return;
    }
    try {
      const keys = this.#session.unsavedKeys();
      if (keys.length > 0) {
        RequestSession.#logger.warn(
          `Session changes made after the response had begun were not saved (keys: ${keys.join(', ')}). ` +
            'Call await session.save() for them.',
        );
      }
    } catch (error) {
      RequestSession.#logger.warn(
        `Session changes made after the response had begun were not saved: ${error}`,
      );
    }
  }
}

/** What a client is told when the commit fails after the framework has handed the response over. */
function answerTo(error: unknown): { status: number; body: object } {
  if (error instanceof HttpException) {
    const body = error.getResponse();
    return { status: error.getStatus(), body: typeof body === 'string' ? { message: body } : body };
  }
  new Logger('SessionModule').error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return { status: 500, body: { statusCode: 500, message: 'Internal server error' } };
}
