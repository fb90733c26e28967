import type { SessionRecord } from '../session-record.js';
import type { SessionSealer } from '../session-sealer.js';
import { SessionStore } from '../session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionStoreCapabilities,
  SessionStoreContext,
} from '../session-store.js';
import type { CookieEnvelope } from './cookie.envelope.js';
import { decodeRecord, encodeRecord } from './cookie.payload.js';

const COMMITTED = { outcome: 'committed' } as const;
const BROWSER_TOKEN_SIZE = 4096 - '__Host-sessionid='.length;
/** What the head of a record and the envelope take at the most, with user ids, audiences and groups of usual length. */
const HEAD_SIZE = 400;
/** How long a newer version may still be on its way to the client, in milliseconds. */
const DELIVERY = 10_000;

/**
 * Keeps each session with its client, sealed in the cookie. No database, no lookup; but a browser keeps whatever
 * response comes last, and nobody can take back what a client holds. With a `revocation` store, which keeps the
 * records without their data, a logout is final and a write that another one has overtaken is refused with a 503; an
 * older copy brings older data back all the same, once a newer one can be taken for lost.
 *
 * Made by `cookieStore()`.
 *
 * @publicApi
 */
export class CookieStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities: SessionStoreCapabilities;
  override readonly forgetsExpired: boolean;
  override readonly sealer: SessionSealer;
  override maxDataSize = dataSizeOf(BROWSER_TOKEN_SIZE);
  #now: () => number = Date.now;
  #maxTokenSize = BROWSER_TOKEN_SIZE;

  constructor(
    private readonly envelope: CookieEnvelope,
    private readonly revocation?: SessionStore,
  ) {
    super();
    this.name = revocation ? `cookie, revocable by ${revocation.name}` : 'cookie';
    this.capabilities = revocation?.capabilities ?? {
      atomicCommit: 'nowhere',
      userIndex: false,
      revocable: false,
    };
    this.forgetsExpired = revocation ? (revocation.forgetsExpired ?? false) : true;
    this.sealer = { seal: (record) => this.#seal(record), unseal: (token) => this.#unseal(token) };
    if (revocation) {
      this.peek = (id) => (revocation.peek ? revocation.peek(id) : revocation.load(id));
    }
    if (revocation?.findByUser) {
      this.findByUser = (userId) => revocation.findByUser!(userId);
    }
    if (revocation?.destroyByUser) {
      this.destroyByUser = (userId, options) => revocation.destroyByUser!(userId, options);
    }
  }

  declare peek?: SessionStore['peek'];
  declare findByUser?: SessionStore['findByUser'];
  declare destroyByUser?: SessionStore['destroyByUser'];

  override async open(context: SessionStoreContext): Promise<void> {
    this.#now = context.now;
    this.#maxTokenSize = context.maxTokenSize ?? BROWSER_TOKEN_SIZE;
    this.maxDataSize = dataSizeOf(this.#maxTokenSize);
    await this.revocation?.open?.(context);
  }

  override async close(): Promise<void> {
    await this.revocation?.close?.();
  }

  /** Nothing: the record is with its client. */
  override async load(): Promise<undefined> {
    return undefined;
  }

  override async create(record: SessionRecord): Promise<boolean> {
    return this.revocation?.create(withoutData(record)) ?? true;
  }

  override async commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    // Seen now, whatever the throttling says: a later request must know that this version is on its way.
    const shadow = { ...change, lastSeenAt: this.#now(), data: '' };
    return this.revocation
      ? withoutFresh(await this.revocation.commit(id, expectedVersion, shadow))
      : COMMITTED;
  }

  override async replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    return this.revocation
      ? withoutFresh(await this.revocation.replace(id, expectedVersion, withoutData(record)))
      : COMMITTED;
  }

  override async touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    return this.revocation?.touch(id, expectedVersion, activity) ?? true;
  }

  /** A sealed record has no secret that could be renewed. */
  override async rotate(): Promise<boolean> {
    return false;
  }

  override async destroy(id: string): Promise<boolean> {
    return this.revocation?.destroy(id) ?? true;
  }

  override async clearExpired(options?: ClearExpiredOptions): Promise<number> {
    return this.revocation?.clearExpired(options) ?? 0;
  }

  async #seal(record: SessionRecord): Promise<string> {
    const token = await this.envelope.seal(encodeRecord(record));
    if (token.length > this.#maxTokenSize) {
      throw new RangeError(
        `The sealed session takes ${token.length} bytes of the ${this.#maxTokenSize} that a cookie holds: user id, ` +
          'audience and group are too long for it.',
      );
    }
    return token;
  }

  async #unseal(token: string): Promise<SessionRecord | undefined> {
    const payload = token.length <= this.#maxTokenSize ? await this.envelope.open(token) : undefined;
    const record = payload && decodeRecord(payload);
    if (!record || record.expiresAt <= this.#now()) {
      return undefined;
    }
    return this.revocation ? this.#current(record, await this.revocation.load(record.id)) : record;
  }

  /** The record as its client has it, when it is not revoked. */
  #current(record: SessionRecord, shadow: SessionRecord | undefined): SessionRecord | undefined {
    if (!shadow) {
      return undefined;
    }
    // A newer version that is not on its way any more was lost with its response: the client goes on from what it has.
    const isLost = shadow.version !== record.version && this.#now() - shadow.lastSeenAt > DELIVERY;
    // Not when it was last seen: the shadow has the last commit there, which need not have moved the expiry.
    const { expiresAt, userId } = shadow;
    return { ...record, expiresAt, userId, version: isLost ? shadow.version : record.version };
  }
}

/** Base64url makes four bytes of three. */
function dataSizeOf(maxTokenSize: number): number {
  return Math.floor((maxTokenSize * 3) / 4) - HEAD_SIZE;
}

function withoutData(record: SessionRecord): SessionRecord {
  return { ...record, data: '' };
}

function withoutFresh({ outcome }: CommitResult): CommitResult {
  return { outcome };
}
