import {
  SessionStore,
  type CommitResult,
  type CookieStore,
  type SessionActivity,
  type SessionChange,
  type SessionRecord,
  type SessionStoreContext,
} from 'nest-sessions';

/** What of a record does not travel: the client knows itself, and a sealed record needs no secret. */
type LeftOut = Pick<SessionRecord, 'secretHash' | 'previousHash' | 'previousUntil' | 'ip' | 'userAgent'>;

interface Cookie {
  readonly text: string;
  readonly version: number;
  readonly leftOut: LeftOut;
}

/**
 * A cookie store together with the browsers that keep its sessions: every read opens the text that a browser holds, and
 * every write that the cookie store lets through gives that browser a new one. So it can be tested as any other store.
 *
 * These browsers are hostile: they throw nothing away, neither what has expired nor what was logged out.
 */
export class BrowserJarStore extends SessionStore {
  override readonly name: string;
  override readonly capabilities;
  private readonly jar = new Map<string, Cookie>();

  constructor(private readonly cookies: CookieStore) {
    super();
    this.name = cookies.name;
    this.capabilities = cookies.capabilities;
  }

  override open(context: SessionStoreContext): Promise<void> {
    return this.cookies.open(context);
  }

  override close(): Promise<void> {
    return this.cookies.close();
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    const cookie = this.jar.get(id);
    const record = cookie && (await this.cookies.sealer.unseal(cookie.text));
    return record && { ...record, ...cookie.leftOut };
  }

  override async create(record: SessionRecord): Promise<boolean> {
    const given = { ...record };
    const created = await this.cookies.create(given);
    if (created) this.jar.set(given.id, await this.seal(given));
    return created;
  }

  override async commit(id: string, expectedVersion: number, change: SessionChange): Promise<CommitResult> {
    const before = await this.load(id);
    const result = await this.cookies.commit(id, expectedVersion, change);
    if (result.outcome === 'committed') {
      await this.answer({ ...before!, ...change, version: expectedVersion + 1 });
    }
    return result;
  }

  override async replace(id: string, expectedVersion: number, record: SessionRecord): Promise<CommitResult> {
    const result = await this.cookies.replace(id, expectedVersion, record);
    if (result.outcome === 'committed') this.jar.set(record.id, await this.seal(record));
    return result;
  }

  override async touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    const before = await this.load(id);
    const touched = await this.cookies.touch(id, expectedVersion, activity);
    if (touched) await this.answer({ ...before!, ...activity });
    return touched;
  }

  override rotate(): Promise<boolean> {
    return this.cookies.rotate();
  }

  override destroy(id: string): Promise<boolean> {
    return this.cookies.destroy(id);
  }

  override clearExpired(options?: Parameters<SessionStore['clearExpired']>[0]): Promise<number> {
    return this.cookies.clearExpired(options);
  }

  /** The server lists the sessions, and their data is where it is. */
  override async findByUser(userId: string): Promise<SessionRecord[]> {
    const listed = await this.cookies.findByUser!(userId);
    const records = await Promise.all(listed.map(({ id }) => this.load(id)));
    return records.filter((record) => record !== undefined);
  }

  override destroyByUser(userId: string, options?: { readonly except?: string }): Promise<number> {
    return this.cookies.destroyByUser!(userId, options);
  }

  /** Responses arrive in the order of the writes: an older version never takes the place of a newer one. */
  private async answer(record: SessionRecord): Promise<void> {
    const cookie = await this.seal(record);
    if (cookie.version >= this.jar.get(record.id)!.version) this.jar.set(record.id, cookie);
  }

  private async seal(record: SessionRecord): Promise<Cookie> {
    const { version, secretHash, previousHash, previousUntil, ip, userAgent } = record;
    const leftOut = { secretHash, previousHash, previousUntil, ip, userAgent };
    return { text: await this.cookies.sealer.seal(record), version, leftOut };
  }
}
