import type { SessionRecord } from '../session-record.js';
import type { SessionStore } from '../session-store.js';

/** A record without its data: what tells whether a session is alive, and in which version. */
export type SessionHead = Omit<SessionRecord, 'data'>;

/** A store that answers for a record without reading its data, which is what a cache can save. */
export interface PeekableStore extends SessionStore {
  /** The record without its data, when alive. */
  peek(id: string): Promise<SessionHead | undefined>;
}

/** Throws for a store without data, and for one without `peek`: in front of it, a cache could only be trusted by reading everything anyway. */
export function requirePeek(database: SessionStore): PeekableStore {
  if (database.sealer) {
    throw new TypeError(
      `cachedStore: the store "${database.name}" keeps the data with the clients, where a cache has nothing to save.`,
    );
  }
  if (typeof (database as Partial<PeekableStore>).peek === 'function') return database as PeekableStore;
  throw new TypeError(
    `cachedStore: the store "${database.name}" has no \`peek\`. Without it every use of the cache would still read ` +
      'the whole record, since only the database knows whether a session is alive. Use the store without a cache.',
  );
}
