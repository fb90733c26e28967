import type { EndedToken } from './dead-tokens.js';
import type { SessionClient } from './session-client.interface.js';
import type { SessionToken } from './session-token.js';
import type { StoredSession } from './session.repository.js';

/** Where a session came from. */
export interface SessionOrigin {
  readonly client: SessionClient;
  /** What the store holds of it; `undefined` for a new session. */
  readonly stored?: StoredSession;
  /**
   * The token the client holds, if it is the current one. Without it (a session opened by its id, or by a secret in
   * its grace) nothing is sent to the client and the secret is not renewed.
   */
  readonly token?: SessionToken;
  /** Whether the client holds a token that is of no use to it. */
  readonly isStale?: boolean;
  /** The token of a session that has just ended: whatever this request does comes too late and is dropped. */
  readonly ended?: EndedToken;
  /** Whether the client can still be given a token. */
  readonly canSendToken?: () => boolean;
}
