/** What a verified logout token says. */
export interface LogoutToken {
  readonly iss: string;
  readonly jti: string;
  /** In seconds. */
  readonly iat: number;
  /** In seconds. */
  readonly exp: number;
  /** The user. There, or `sid` is. */
  readonly sub?: string;
  /** The login at the provider; without it, all of the user's. */
  readonly sid?: string;
}
