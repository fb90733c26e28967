/**
 * What a store keeps of one session. Every time is in milliseconds since the epoch, by the clock of
 * {@link SessionStoreContext}.
 *
 * @publicApi
 */
export interface SessionRecord {
  /** Public handle: 128 random bits as 32 lower-case hex characters. Safe in logs and as a file name. */
  id: string;
  /** SHA-256 of the secret half of the token, base64url. The secret itself is never stored. */
  secretHash: string;
  /** Hash of the secret before the last timed renewal, or `null`. */
  previousHash: string | null;
  /** Until when the secret of {@link previousHash} is still accepted, or `null`. */
  previousUntil: number | null;
  /** The serialised session data. Opaque to the store. */
  data: string;
  /** Grows by one with every commit. Never written by `touch` and `rotate`. */
  version: number;
  /** The user who logged in, or `null`. */
  userId: string | null;
  createdAt: number;
  /** When the user logged in, or `null`. */
  authenticatedAt: number | null;
  lastSeenAt: number;
  /** From this moment on the record is not found. Never later than {@link absoluteExpiresAt}. */
  expiresAt: number;
  /** No activity extends the session beyond this; `null`: no such limit. */
  absoluteExpiresAt: number | null;
  /** Address of the client that created the session, or `null`. */
  ip: string | null;
  /** `User-Agent` of the client that created the session, or `null`. */
  userAgent: string | null;
  /** Which application the session is for where several share one store (the option `audience`), or `null`. */
  audience: string | null;
  /** The single sign-on group that the session belongs to, or `null`. */
  groupId: string | null;
}

/**
 * A record without its data: whether the session is alive, whose it is, and in which version.
 *
 * @publicApi
 */
export type SessionHead = Omit<SessionRecord, 'data'>;
