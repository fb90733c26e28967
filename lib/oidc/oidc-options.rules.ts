import { IsOptional } from 'class-validator';
import { durationInSeconds } from '../core/duration.js';
import { expect, refuse } from '../options/option.rules.js';
import { parseUrl } from '../options/parse-url.js';
import { aBoolean, fill, problemsOf } from '../options/session-options.rules.js';
import { shown } from '../options/shown.js';
import type { OidcLogoutOptions } from './oidc-options.interface.js';

/** In seconds: longer ones are no protection against a token that somebody has copied. */
const LONGEST_TOKEN_AGE = 60 * 60;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|(?:[a-z0-9-]+\.)*localhost)$/i;

class OidcLogoutRules implements Record<keyof OidcLogoutOptions, unknown> {
  @refuse('isIssuer', issuerProblem) issuer: unknown;

  @expect(
    'isClientId',
    'the client_id of this application',
    (value) => typeof value === 'string' && value !== '',
  )
  clientId: unknown;

  @refuse('areKeys', jwksProblem) jwks: unknown;
  @IsOptional() @aBoolean() acceptUntyped: unknown;

  @IsOptional()
  @expect('isTokenAge', 'a duration above 0 and of an hour at most', (value) => {
    const seconds = durationInSeconds(value);
    return seconds !== undefined && seconds > 0 && seconds <= LONGEST_TOKEN_AGE;
  })
  maxTokenAge: unknown;
}

/** Everything that is wrong with the options, by its path. */
export function oidcOptionProblems(options: OidcLogoutOptions): string[] {
  return problemsOf(fill(new OidcLogoutRules(), options));
}

/** What is wrong with the path that logout tokens come to. */
export function pathProblem(value: unknown): string | undefined {
  const isPath = typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value);
  return isPath ? undefined : `expected a path such as "/session/backchannel-logout", got ${shown(value)}`;
}

function issuerProblem(value: unknown): string | undefined {
  return urlProblem(value, 'the issuer as the provider calls itself, such as "https://login.example.com"');
}

function jwksProblem(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return urlProblem(value, 'the URL of the keys, such as "https://login.example.com/jwks"');
  }
  const { keys } = Object(value) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) {
    return 'expected the URL of the keys of the provider, or a JSON Web Key Set such as { keys: [{ kty: "RSA", … }] }';
  }
  const kinds = keys.map((key) => Object(key) as { kty?: unknown; d?: unknown });
  if (!kinds.every(({ kty }) => typeof kty === 'string')) {
    return 'expected keys with a kty each';
  }
  if (kinds.some(({ kty }) => kty === 'oct')) {
    return 'expected public keys: who knows a symmetric one (oct) can log everybody out';
  }
  return kinds.some(({ d }) => d !== undefined) ? 'expected public keys, got a private one' : undefined;
}

function urlProblem(value: unknown, expected: string): string | undefined {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  if (!url) {
    return `expected ${expected}, got ${shown(value)}`;
  }
  const { protocol, hostname, username, password, hash, search } = url;
  if (username || password || hash || (search && expected.startsWith('the issuer'))) {
    return `expected ${expected}, without user, query and fragment`;
  }
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) {
    return undefined;
  }
  return `expected ${expected}, with https unless it is on this machine, got ${shown(value)}`;
}
