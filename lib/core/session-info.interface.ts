/**
 * A session as its user, or an administrator, may see it. Never with its token.
 *
 * @publicApi
 */
export interface SessionInfo {
  readonly id: string;
  readonly createdAt: Date;
  /** When the user logged in, or `undefined`. */
  readonly authenticatedAt: Date | undefined;
  /** To the accuracy of `touchInterval`. */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  /** Of the client that logged in, or that began the session. */
  readonly ip: string | undefined;
  readonly userAgent: string | undefined;
  /** How the user has proved to be who they are, as given to `login()`. */
  readonly methods: readonly string[];
  /** Whether it is the session of the running request. */
  readonly current: boolean;
}
