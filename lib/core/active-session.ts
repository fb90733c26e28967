import { inspect } from 'node:util';
import { EXPIRY_KEY } from './session-changes.js';
import { SerialQueue } from './serial-queue.js';
import type { EndingScope } from './session-endings.js';
import { SessionDataError } from './session-data.error.js';
import { SessionDictionary } from './session-dictionary.js';
import { absoluteEnd, expiresAt, expiryPolicy, isPersistent } from './session-expiry.js';
import type { Release } from './session-mutex.js';
import { SessionLifecycle } from './session-lifecycle.js';
import { methodsOf, type SessionLogin, type StoredLogin } from './session-login.js';
import type { SessionOrigin } from './session-origin.interface.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionRepository } from './session.repository.js';
import { SessionValues } from './session-values.js';
import { SessionInterruptedError } from './session.errors.js';
import type { TokenOutcome } from './token-outcome.js';

/** The session object of one request. What its public members promise stands at the interface `Session`. */
export class ActiveSession extends SessionDictionary {
  readonly #lifecycle: SessionLifecycle;
  readonly #settings: SessionSettings;
  /** What touches the store goes one after the other. */
  readonly #queue = new SerialQueue();

  constructor(repository: SessionRepository, origin: SessionOrigin) {
    super(origin.stored?.values ?? new SessionValues(repository.settings.serializer));
    this.#settings = repository.settings;
    this.#lifecycle = new SessionLifecycle(repository, this.content, origin);
  }

  get id(): string | undefined {
    return this.#record?.id;
  }

  get isNew(): boolean {
    return this.#record === undefined;
  }

  get userId(): string | undefined {
    return this.#lifecycle.staged?.login?.userId ?? this.#record?.userId ?? undefined;
  }

  get createdAt(): Date {
    return new Date(this.#record?.createdAt ?? this.#settings.now());
  }

  get authenticatedAt(): Date | undefined {
    const login = this.#lifecycle.staged?.login;
    if (login) {
      return new Date(login.origin?.authenticatedAt ?? this.#settings.now());
    }
    return this.#record?.authenticatedAt == null ? undefined : new Date(this.#record.authenticatedAt);
  }

  get lastSeenAt(): Date {
    return new Date(this.#record?.lastSeenAt ?? this.#settings.now());
  }

  get expiresAtBrowserClose(): boolean {
    return !isPersistent(this.#lifecycle.policy, this.#settings);
  }

  setExpiry(value: Parameters<typeof expiryPolicy>[0]): void {
    this.content.set(EXPIRY_KEY, expiryPolicy(value, this.#settings.now()));
  }

  getExpiryAge(): number {
    return Math.max(0, Math.floor((this.#endIfUsedNow() - this.#settings.now()) / 1000));
  }

  getExpiryDate(): Date {
    return new Date(this.#endIfUsedNow());
  }

  flush(): Promise<void> {
    return this.#queue.run(() => this.#lifecycle.flush('flush'));
  }

  /** As `flush()`, by the wish of whoever is logged in. @internal */
  logout(scope: EndingScope): Promise<void> {
    return this.#queue.run(() => this.#lifecycle.flush('logout', scope));
  }

  /** @internal */
  login(login: SessionLogin): Promise<void> {
    return this.#queue.run(() => this.#lifecycle.login(login));
  }

  regenerate(): Promise<void> {
    return this.#queue.run(async () => this.#lifecycle.regenerate());
  }

  async save(): Promise<void> {
    try {
      await this.#queue.run(() => this.#lifecycle.settle(this.content.changes()));
    } catch (error) {
      // Whoever is told goes on from what there was: kept, it would be refused once more with all that comes after it.
      if (error instanceof SessionDataError) {
        this.drop();
      }
      throw error;
    }
    if (this.#lifecycle.status === 'interrupted') {
      throw new SessionInterruptedError();
    }
  }

  reload(): Promise<void> {
    return this.#queue.run(() => this.#lifecycle.reload());
  }

  /**
   * Commits what there is to commit, for whoever ends a request. Silent when the session was interrupted. Gives nothing
   * to wait for when there is nothing to do.
   * @internal
   */
  settle(): Promise<void> | undefined {
    if (this.#queue.isBusy) {
      return this.#queue.run(() => this.#lifecycle.settle(this.content.changes()));
    }
    const changes = this.content.changes();
    return this.#lifecycle.hasWork(changes)
      ? this.#queue.run(() => this.#lifecycle.settle(changes))
      : undefined;
  }

  /** Stores a new session now, even an empty one. @internal */
  store(): Promise<void> {
    return this.#queue.run(() => this.#lifecycle.create(this.content.changes() ?? this.content.noChanges()));
  }

  /**
   * Waits until no other request has the session locked, and sees it as the one before has left it.
   * @throws SessionInterruptedError when it has ended meanwhile.
   * @internal
   */
  async lock(): Promise<Release> {
    // Waits outside the queue: a request that is answered before its turn comes does not wait for that.
    const release = await this.#lifecycle.lock();
    try {
      await this.#queue.run(() => this.#lifecycle.catchUp(this.content.changes()));
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Drops what could not be committed, for whoever answers the request with the reason. @internal */
  drop(): void {
    this.#lifecycle.drop();
  }

  /** The id that the client will hold once this request is answered; `undefined` when none. @internal */
  get nextId(): string | undefined {
    return this.#lifecycle.staged?.token.id ?? (this.#lifecycle.status === 'stored' ? this.id : undefined);
  }

  /** How long ago the user logged in, in milliseconds; `undefined` when nobody is. @internal */
  get loginAge(): number | undefined {
    const { authenticatedAt } = this;
    return authenticatedAt && this.#settings.now() - authenticatedAt.getTime();
  }

  /** Who is logged in here, as it is stored. @internal */
  get storedLogin(): StoredLogin | undefined {
    const record = this.#record;
    return record?.userId == null
      ? undefined
      : {
          userId: record.userId,
          groupId: record.groupId,
          authenticatedAt: record.authenticatedAt ?? record.createdAt,
          methods: methodsOf(record, this.#settings),
          until: record.absoluteExpiresAt,
        };
  }

  /** What to do with the client's token, by the status of the response. @internal */
  outcome(httpStatus: number): TokenOutcome {
    const { outcome } = this.#lifecycle;
    const isMere = outcome.kind === 'clear' && outcome.because === 'stale';
    return isMere && httpStatus >= 500 ? { kind: 'keep' } : outcome;
  }

  /** The names of the keys with changes that nobody has committed. @internal */
  unsavedKeys(): string[] {
    return this.#lifecycle.status === 'interrupted' ? [] : this.content.changedKeys();
  }

  [inspect.custom](): string {
    return `Session { id: ${this.id ?? 'none yet'}, keys: [${[...this.keys()].join(', ')}] }`;
  }

  get #record() {
    return this.#lifecycle.record;
  }

  #endIfUsedNow(): number {
    const absolute = this.#record ? this.#record.absoluteExpiresAt : absoluteEnd(this.#settings);
    return expiresAt(this.#lifecycle.policy, absolute, this.#settings);
  }
}
