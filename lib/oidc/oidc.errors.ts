/**
 * Why a logout was not taken, for programs. These strings stay.
 *
 * - `OIDC_REQUEST`: the request is not of the right form, or holds no token.
 * - `OIDC_RATE`: too many requests of this address have failed.
 * - `OIDC_TOKEN`: the token is malformed.
 * - `OIDC_ALGORITHM`: it is signed in a way that proves nothing, or not at all.
 * - `OIDC_SIGNATURE`: it is signed by none of the provider's keys.
 * - `OIDC_ISSUER`, `OIDC_AUDIENCE`: it is from another provider, or for another application.
 * - `OIDC_TIME`: it has expired, does not say when it does, is from the future, or valid for too long.
 * - `OIDC_TYPE`, `OIDC_EVENT`: it is a token of another kind.
 * - `OIDC_NONCE`: it may be an ID token.
 * - `OIDC_SUBJECT`: it does not say whose logout it is.
 * - `OIDC_REPLAY`: it has come before.
 * - `OIDC_UNAVAILABLE`: the store or the provider's keys are out of reach; the provider may try again.
 *
 * @publicApi
 */
export type OidcErrorCode =
  | 'OIDC_REQUEST'
  | 'OIDC_RATE'
  | 'OIDC_TOKEN'
  | 'OIDC_ALGORITHM'
  | 'OIDC_SIGNATURE'
  | 'OIDC_ISSUER'
  | 'OIDC_AUDIENCE'
  | 'OIDC_TIME'
  | 'OIDC_TYPE'
  | 'OIDC_EVENT'
  | 'OIDC_NONCE'
  | 'OIDC_SUBJECT'
  | 'OIDC_REPLAY'
  | 'OIDC_UNAVAILABLE';

/**
 * The module is set up wrongly. Thrown at boot with every problem by its path.
 *
 * @publicApi
 */
export class OidcLogoutOptionsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`OidcLogoutModule is set up wrongly:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'OidcLogoutOptionsError';
  }
}

/** Ends a request with an answer that says why. Its text is for the provider too, and holds nothing of the token. */
export class LogoutRefusal extends Error {
  constructor(
    readonly errorCode: OidcErrorCode,
    message: string,
    readonly status = 400,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
