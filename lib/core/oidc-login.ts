/**
 * What an identity provider says of a login, by the names of OpenID Connect: the claims of its ID token, once they are
 * verified. What else is among them does no harm.
 *
 * @publicApi
 */
export interface OidcLogin {
  /** The provider. */
  readonly iss: string;
  /** The user, as the provider knows them. */
  readonly sub: string;
  /** The login at the provider, if it names it; so that a logout there ends no other one here. */
  readonly sid?: string;
  /** When the token was issued, in seconds. It tells whether a logout that was told first is of this login or of one before. */
  readonly iat?: number;
  /** When the user proved to the provider who they are, in seconds. `@RequireRecentLogin()` goes by it. Default: now. */
  readonly auth_time?: number;
}

/** What a provider may call itself, a user or a login. */
const LONGEST_NAME = 2048;

/** What is wrong with what somebody gives as claims. */
export function oidcLoginProblem(value: unknown): string | undefined {
  const claims = Object(value) as Partial<Record<keyof OidcLogin, unknown>>;
  if (!isName(claims.iss) || !isName(claims.sub)) {
    return 'iss and sub as text that is not empty';
  }
  if (claims.sid !== undefined && !isName(claims.sid)) {
    return 'sid as text that is not empty, or without it';
  }
  return [claims.iat, claims.auth_time].every(isTimeOrAbsent) ? undefined : 'iat and auth_time in seconds';
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || (Number.isFinite(value) && Number(value) >= 0);
}
