import { wholeRecord } from '../session-record.check.js';
import type { SessionRecord } from '../session-record.js';
import { messages } from './cache-manager.messages.js';
import type { Deadline } from './deadline.js';
import type { HonestKeyv } from './honest.keyv.js';

/** What the cache holds under one id. */
export interface SessionEntry {
  /** The record, when it can be read. */
  readonly record: SessionRecord | undefined;
  /** Whether the licence to live is there. Without it the record is dead. */
  readonly isLicensed: boolean;
  /** Whether the id is taken, by whatever. */
  readonly isTaken: boolean;
}

/** How long the cache keeps an entry after the store has no more use for it, in milliseconds. */
const GRACE = 60_000;

/** How long a session without an absolute limit may live in a cache, in milliseconds: as long as a cookie may. */
const LONGEST_LIFE = 400 * 86_400_000;

/** The two entries of each session, for the time of one verb. */
export class SessionEntries {
  constructor(
    private readonly keyv: HonestKeyv,
    private readonly prefix: string,
    private readonly now: () => number,
    private readonly deadline: Deadline,
  ) {}

  /**
   * What is there under each id, in one call to the cache.
   * @throws when all that is there is another session's: the client of the cache takes one answer for another. An entry
   * beside one of ours is damaged, and of no use.
   */
  async read<Ids extends readonly string[]>(...ids: Ids): Promise<{ [Index in keyof Ids]: SessionEntry }> {
    const keys = ids.flatMap((id) => [this.recordKey(id), this.licenceKey(id)]);
    const values = await this.deadline.hold(() => this.keyv.getMany(keys));
    return ids.map((id, index) => entryOf(id, values[2 * index], values[2 * index + 1])) as {
      [Index in keyof Ids]: SessionEntry;
    };
  }

  /** Writes the record, which says nothing on whether it lives. */
  write(record: SessionRecord): Promise<void> {
    const ttl = this.ttl(record.expiresAt);
    return this.deadline.hold(() => this.keyv.set(this.recordKey(record.id), JSON.stringify(record), ttl));
  }

  /** Gives a new session its licence, for as long as it may ever live: it is never written again. */
  license({ id, expiresAt, absoluteExpiresAt }: SessionRecord): Promise<void> {
    const until = absoluteExpiresAt ?? this.now() + LONGEST_LIFE;
    const ttl = this.ttl(Math.max(until, expiresAt));
    return this.deadline.hold(() => this.keyv.set(this.licenceKey(id), id, ttl));
  }

  /** Takes the licence away for ever. Whether it was there. */
  revoke(id: string): Promise<boolean> {
    return this.deadline.hold(() => this.keyv.delete(this.licenceKey(id)));
  }

  /** Deletes the record itself. Whether it was there. */
  forget(id: string): Promise<boolean> {
    return this.deadline.hold(() => this.keyv.delete(this.recordKey(id)));
  }

  private recordKey(id: string): string {
    return `${this.prefix}s:${id}`;
  }

  private licenceKey(id: string): string {
    return `${this.prefix}l:${id}`;
  }

  /** The cache counts by its own clock, so it is told a duration and never a time. */
  private ttl(until: number): number {
    return Math.max(1, Math.ceil(until - this.now() + GRACE));
  }
}

function entryOf(id: string, text: string | undefined, licence: string | undefined): SessionEntry {
  const record = text === undefined ? undefined : readable(text);
  const owners = [record?.id, licence].filter((owner) => owner !== undefined);
  if (owners.length > 0 && !owners.includes(id)) throw new Error(messages.anotherAnswer());
  return {
    record: record?.id === id ? record : undefined,
    isLicensed: licence === id,
    isTaken: text !== undefined || licence !== undefined,
  };
}

function readable(text: string): SessionRecord | undefined {
  try {
    return wholeRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}
