import type { SessionRecord } from './session-record.js';

/**
 * What a store has that keeps the records with the clients: the token of a session is then its sealed record, and
 * takes the place of `load`. Every write gives the client a new one.
 *
 * @publicApi
 */
export interface SessionSealer {
  /** The token that carries the record. Nobody without the keys can make one, or change one unnoticed. */
  seal(record: SessionRecord): Promise<string>;

  /** The living record that a token carries. `undefined` when it is none of ours, changed, expired or revoked. */
  unseal(token: string): Promise<SessionRecord | undefined>;
}
