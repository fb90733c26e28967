import { GRACE } from './record.lifetime.js';
import type { RedisConnection } from './redis.connection.js';
import { scripts } from './redis.scripts.js';

/** Ids that one command forgets; Lua takes some thousands of values at once. */
const PAGE = 1000;

/**
 * Which sessions a user may have: a sorted set of ids, scored by the time until which it lists them. Entries are
 * hints, to be checked against the records. An entry is written before its record, and for longer than that lives, so
 * that every live session is listed whatever fails in between; what is left over goes with the next entry, and in the
 * end with the whole set.
 */
export class UserIndex {
  constructor(
    private readonly connection: RedisConnection,
    private readonly prefix: string,
  ) {}

  /** Lists a session that lives until `expiresAt`, and gives the time until which it is listed: twice as long. */
  async list(
    userId: string,
    id: string,
    now: number,
    { expiresAt, absoluteExpiresAt }: { expiresAt: number; absoluteExpiresAt: number | null },
  ): Promise<number> {
    const until = Math.max(expiresAt, Math.min(2 * expiresAt - now, absoluteExpiresAt ?? Infinity));
    await this.connection.run(scripts.list, [this.key(userId)], [now, id, until + GRACE, GRACE]);
    return until;
  }

  /** The sessions that the user may have. */
  async listed(userId: string, now: number): Promise<string[]> {
    const [, ...ids] = await this.connection.run(scripts.listed, [this.key(userId)], [now]);
    return ids as string[];
  }

  /**
   * Forgets sessions that are destroyed, and never any that only cannot be found: theirs may be the entry that is
   * written before the record.
   */
  async unlist(userId: string, ids: readonly string[], now: number): Promise<void> {
    for (let start = 0; start < ids.length; start += PAGE) {
      const page = ids.slice(start, start + PAGE);
      await this.connection.run(scripts.unlist, [this.key(userId)], [now, ...page]);
    }
  }

  private key(userId: string): string {
    return `${this.prefix}u:${userId}`;
  }
}
