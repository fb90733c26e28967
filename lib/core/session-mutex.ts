import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRecord } from '../stores/session-record.js';
import type { SessionStore } from '../stores/session-store.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionEvents } from './session-events.js';
import { SessionCapabilityError, SessionContentionError } from './session.errors.js';
import { noSource, sideRecord } from './side-record.js';
import { guardStore } from './store-guard.js';

/** Lets go of a lock. */
export type Release = () => Promise<void>;

type Lockable = Pick<SessionRecord, 'id' | 'absoluteExpiresAt'>;

/** How long a lock outlives the process that held it, in milliseconds. While that lives, it holds on to it. */
const LEASE = 30_000;
/** How long a request waits for its turn, in milliseconds. */
const LONGEST_WAIT = 30_000;
const LONGEST_PAUSE_MS = 100;
/** A lock that nobody let go must not expire before its session, or the store would take it for neither. */
const WITHOUT_LIMIT = 400 * 24 * 60 * 60 * 1000;

/**
 * One lock per session: within the process a queue, and where several processes share the store a record of its own
 * beside that of the session, which only one of them can create.
 */
export class SessionMutex {
  readonly #tails = new Map<string, Promise<void>>();

  constructor(
    private readonly store: SessionStore,
    private readonly settings: SessionSettings,
    private readonly events: SessionEvents,
    private readonly longestWait = LONGEST_WAIT,
  ) {}

  /**
   * Waits for the lock of the session.
   * @throws SessionContentionError when its turn does not come.
   * @throws SessionCapabilityError when every client holds a record of its own.
   */
  async acquire(session: Lockable): Promise<Release> {
    if (this.store.sealer) {
      throw new SessionCapabilityError(
        this.store.name,
        'let the requests of one session wait for each other',
      );
    }
    const deadline = Date.now() + this.longestWait;
    const leave = await this.#queue(session.id);
    if (this.store.capabilities.atomicCommit !== 'everywhere') {
      return async () => leave();
    }
    try {
      const lease = await this.#lease(session, deadline);
      return () => lease.end().finally(leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Waits until those who came before in this process have left. */
  async #queue(id: string): Promise<() => void> {
    let go!: () => void;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const before = this.#tails.get(id) ?? Promise.resolve();
    const tail = before.then(() => gone);
    this.#tails.set(id, tail);
    const leave = (): void => {
      go();
      if (this.#tails.get(id) === tail) {
        this.#tails.delete(id);
      }
    };
    const patience = new AbortController();
    const isMine = await Promise.race([
      before.then(() => true),
      delay(this.longestWait, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (!isMine) {
      // Whoever comes after goes on waiting for the one before.
      void before.then(leave);
      throw new SessionContentionError(id);
    }
    return leave;
  }

  async #lease(session: Lockable, deadline: number): Promise<Lease> {
    const lease = new Lease(this.store, this.settings, session);
    for (
      let pause = 1;
      !(await guardStore('lock', this.events, () => lease.take()));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    ) {
      if (Date.now() >= deadline) {
        throw new SessionContentionError(session.id);
      }
      await delay(pause * (0.5 + Math.random()));
    }
    return lease;
  }
}

/** The record that is a lock. Its data says until when it holds, so that it can be taken over from who died with it. */
class Lease {
  readonly #id: string;
  #version = 0;
  #until = 0;
  #renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: SessionStore,
    private readonly settings: SessionSettings,
    private readonly session: Lockable,
  ) {
    this.#id = createHash('sha256').update(`lock of ${session.id}`).digest('hex').slice(0, 32);
  }

  /** Whether it is ours now. */
  async take(): Promise<boolean> {
    this.#until = this.settings.now() + LEASE;
    const record = this.#record();
    this.#version = record.version;
    const isFree = await this.store.create(record, noSource(this.#id));
    const isMine = isFree || (await this.#takeOver());
    if (isMine) {
      this.#renewal = setInterval(() => void this.#renew(), LEASE / 3).unref();
    }
    return isMine;
  }

  async end(): Promise<void> {
    clearInterval(this.#renewal);
    // Past its time it may be somebody else's.
    if (this.settings.now() < this.#until) {
      // A store that fails now leaves the lock to its lease.
      await this.store.destroy(this.#id).catch(() => false);
    }
  }

  async #takeOver(): Promise<boolean> {
    const held = await this.store.load(this.#id);
    if (!held || untilOf(held) > this.settings.now()) {
      return false;
    }
    this.#version = held.version;
    return this.#write();
  }

  async #renew(): Promise<void> {
    this.#until = this.settings.now() + LEASE;
    const isMine = await this.#write().catch(() => false);
    if (!isMine) {
      this.#until = 0;
      clearInterval(this.#renewal);
    }
  }

  async #write(): Promise<boolean> {
    const { data, lastSeenAt, expiresAt } = this.#record();
    const change = { data, lastSeenAt, expiresAt };
    const { outcome } = await this.store.commit(this.#id, this.#version, change, noSource(this.#id));
    this.#version += 1;
    return outcome === 'committed';
  }

  #record(): SessionRecord {
    const now = this.settings.now();
    return sideRecord({
      id: this.#id,
      kind: 'nest-sessions/lock',
      data: JSON.stringify({ until: this.#until }),
      now,
      expiresAt: this.session.absoluteExpiresAt ?? now + WITHOUT_LIMIT,
    });
  }
}

/** Until when a lock holds; one that cannot be read holds no longer. */
function untilOf({ data }: SessionRecord): number {
  try {
    return Number(JSON.parse(data).until) || 0;
  } catch {
    return 0;
  }
}
