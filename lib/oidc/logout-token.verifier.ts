import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose';
import type { LogoutToken } from './logout-token.js';
import { LogoutRefusal, type OidcErrorCode } from './oidc.errors.js';
import { providerKeys } from './provider-keys.js';
import type { ResolvedOidcOptions } from './resolve-oidc-options.js';

/** Those of RFC 7518 and RFC 8037 that only the owner of a private key can sign with. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** How far the provider's clock may be from ours, in seconds. */
const CLOCK_TOLERANCE = 30;
const TYPE = 'logout+jwt';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const CLAIMS: Readonly<Record<string, OidcErrorCode>> = {
  iss: 'OIDC_ISSUER',
  aud: 'OIDC_AUDIENCE',
  iat: 'OIDC_TIME',
  nbf: 'OIDC_TIME',
  exp: 'OIDC_TIME',
};

/** Whether a logout token is what it should be (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
export class LogoutTokenVerifier {
  readonly #keys: JWTVerifyGetKey;

  constructor(
    private readonly options: ResolvedOidcOptions,
    private readonly now: () => number,
  ) {
    this.#keys = providerKeys(options.jwks);
  }

  /** @throws LogoutRefusal */
  async verify(token: string): Promise<LogoutToken> {
    const { payload, protectedHeader } = await this.#open(token);
    const { iss, iat, exp, jti, sub, sid } = payload;
    if (exp! - iat! > this.options.maxTokenAge) {
      throw new LogoutRefusal('OIDC_TIME', 'The token is valid for too long.');
    }
    if (!this.#hasType(protectedHeader.typ)) {
      throw new LogoutRefusal('OIDC_TYPE', `The token does not say that it is of the type ${TYPE}.`);
    }
    if (!isEvent(payload['events'])) {
      throw new LogoutRefusal('OIDC_EVENT', `The token is not about the event ${EVENT}.`);
    }
    if ('nonce' in payload) {
      throw new LogoutRefusal('OIDC_NONCE', 'The token has a nonce, as only ID tokens have.');
    }
    if ((sub === undefined && sid === undefined) || !isNameOrAbsent(sub) || !isNameOrAbsent(sid)) {
      throw new LogoutRefusal('OIDC_SUBJECT', 'The token names neither a user (sub) nor a login (sid).');
    }
    if (typeof jti !== 'string' || jti === '') {
      throw new LogoutRefusal('OIDC_TOKEN', 'The token has no id (jti).');
    }
    return { iss: iss!, iat: iat!, exp: exp!, jti, ...(sub && { sub }), ...(sid && { sid }) };
  }

  /** Checks what all tokens have in common: signature, issuer, audience and times. */
  async #open(token: string): Promise<JWTVerifyResult> {
    const { issuer, clientId, maxTokenAge } = this.options;
    const expected = {
      algorithms: ALGORITHMS,
      issuer,
      audience: clientId,
      requiredClaims: ['iat', 'exp'],
      maxTokenAge,
      clockTolerance: CLOCK_TOLERANCE,
      currentDate: new Date(this.now()),
    };
    try {
      return await jwtVerify(token, this.#keys, expected);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) {
        throw refusalOf(error);
      }
      // The token does not say which of several keys it is signed with.
      for await (const key of error) {
        try {
          return await jwtVerify(token, key, expected);
        } catch (reason) {
          if (!(reason instanceof errors.JWSSignatureVerificationFailed)) {
            throw refusalOf(reason);
          }
        }
      }
      throw refusalOf(new errors.JWSSignatureVerificationFailed());
    }
  }

  /** RFC 7515, section 4.1.9: without regard to case, and to a prefix. */
  #hasType(typ: unknown): boolean {
    const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
    return type === TYPE || (this.options.acceptUntyped && (type === undefined || type === 'jwt'));
  }
}

function isEvent(events: unknown): boolean {
  const event: unknown = isObject(events) && Object.hasOwn(events, EVENT) && events[EVENT];
  return isObject(event);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNameOrAbsent(value: JWTPayload[string]): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}

/** In words of our own: those of others could repeat what the token holds. */
function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new LogoutRefusal('OIDC_TIME', 'The token has expired.');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const code = CLAIMS[error.claim] ?? 'OIDC_TOKEN';
    return new LogoutRefusal(code, `The claim ${error.claim} of the token is not what it should be.`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new LogoutRefusal('OIDC_ALGORITHM', 'The token is not signed with an algorithm that is accepted.');
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) {
    return new LogoutRefusal('OIDC_SIGNATURE', 'The token is signed by none of the keys of the provider.');
  }
  return error instanceof errors.JOSEError
    ? new LogoutRefusal('OIDC_TOKEN', 'The token is malformed.')
    : error;
}
