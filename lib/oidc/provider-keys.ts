import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { LogoutRefusal } from './oidc.errors.js';

/** How long the provider may take to answer, in milliseconds. */
const PATIENCE = 5_000;

/** The keys of a provider. Which one a token is signed with it says itself, and chooses among these alone. */
export function providerKeys(jwks: string | JSONWebKeySet): JWTVerifyGetKey {
  if (typeof jwks !== 'string') {
    return createLocalJWKSet(jwks);
  }
  const remote = createRemoteJWKSet(new URL(jwks), { timeoutDuration: PATIENCE });
  return async (header, token) => {
    try {
      return await remote(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
        throw error;
      }
      const message = 'The keys of the identity provider are out of reach.';
      throw new LogoutRefusal('OIDC_UNAVAILABLE', message, 503, { cause: error });
    }
  };
}
