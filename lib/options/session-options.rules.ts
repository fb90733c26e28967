import { IsOptional, ValidateIf, ValidateNested, validateSync, type ValidationError } from 'class-validator';
import { durationInSeconds } from '../core/duration.js';
import { cipherKeyProblem } from '../core/record-cipher.js';
import { SIDE_PREFIX } from '../core/side-record.js';
import { cookieDomainProblem } from './cookie-domain.problem.js';
import { dataSchemaProblem } from './session-data-schema.js';
import { expect, IsDuration, oneOf, refuse } from './option.rules.js';
import type {
  SessionCleanupOptions,
  SessionCookieOptions,
  SessionEncryptionOptions,
  SessionLimitOptions,
  SessionRuntimeOptions,
  SessionSocketOptions,
} from './session-options.interface.js';
import { trustedOriginsProblem } from './trusted-origin.rules.js';

/** RFC 9110, section 5.6.2: what a cookie or a header may be called. */
export const HTTP_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Longer ones would have a timer fire at once: Node keeps its delay in 32 bits. Seconds. */
const LONGEST_INTERVAL = 14 * 24 * 60 * 60;
/** What the column for it holds in a database. */
const LONGEST_AUDIENCE = 255;
/** RFC 6265, section 4.1.1: `path-value`. */
const COOKIE_PATH = /^\/[ -:<-~]*$/;

export const matches = (expected: string, pattern: RegExp) =>
  expect('matches', expected, (value) => typeof value === 'string' && pattern.test(value));
const aWholeNumber = (expected: string) =>
  expect('isWholeNumber', expected, (value) => Number.isSafeInteger(value) && Number(value) > 0);
export const aBoolean = () => expect('isBoolean', 'true or false', (value) => typeof value === 'boolean');

/** What holds for every cookie. */
export class CookieRules {
  @IsOptional() @matches('a cookie name', HTTP_TOKEN) name: unknown;
  @IsOptional() @oneOf(true, false, 'auto') secure: unknown;
  @IsOptional() @oneOf('lax', 'strict', 'none') sameSite: unknown;
  @IsOptional() @matches('a path that begins with "/"', COOKIE_PATH) path: unknown;
  @IsOptional() @refuse('isCookieDomain', cookieDomainProblem) domain: unknown;
  @IsOptional() @aBoolean() partitioned: unknown;
  @IsOptional() @oneOf('low', 'medium', 'high') priority: unknown;
}

class SessionCookieRules extends CookieRules implements Record<keyof SessionCookieOptions, unknown> {
  @IsOptional() @aBoolean() httpOnly: unknown;
}

const anInterval = () =>
  expect('isInterval', 'a duration above 0 and of 14 days at most', (value) => {
    const seconds = durationInSeconds(value);
    return seconds !== undefined && seconds > 0 && seconds <= LONGEST_INTERVAL;
  });

class CleanupRules implements Record<keyof SessionCleanupOptions, unknown> {
  @IsOptional() @anInterval() every: unknown;

  @IsOptional() @aWholeNumber('a whole number of records above 0') batchSize: unknown;
}

class SocketRules implements Record<keyof SessionSocketOptions, unknown> {
  @IsOptional() @refuse('areOrigins', trustedOriginsProblem) trustedOrigins: unknown;
  @IsOptional() @anInterval() revalidateEvery: unknown;
}

class EncryptionRules implements Record<keyof SessionEncryptionOptions, unknown> {
  @refuse('areCipherKeys', cipherKeyProblem) keys: unknown;
}

class LimitRules implements Record<keyof SessionLimitOptions, unknown> {
  @aWholeNumber('a whole number of sessions above 0') limit: unknown;
  @oneOf('evict-oldest', 'refuse') exceeded: unknown;
}

class OptionsRules implements Record<keyof SessionRuntimeOptions, unknown> {
  @IsOptional() @ValidateNested() cookie: unknown;
  @IsOptional()
  @ValidateIf((_, value) => value !== false)
  @ValidateNested()
  cleanup: unknown;

  @IsOptional() @ValidateNested() encryption: unknown;
  @IsOptional() @ValidateNested() sockets: unknown;
  @IsOptional() @ValidateNested() maxSessionsPerUser: unknown;

  @IsOptional() @IsDuration() idleTimeout: unknown;
  @IsOptional() @IsDuration({ orFalse: true }) absoluteTimeout: unknown;
  @IsOptional() @IsDuration({ orFalse: true, orZero: true }) touchInterval: unknown;
  @IsOptional() @aBoolean() expireAtBrowserClose: unknown;
  @IsOptional() @IsDuration({ orFalse: true }) renewEvery: unknown;
  @IsOptional() @IsDuration({ orZero: true }) renewGrace: unknown;

  @IsOptional()
  @expect('isTransport', '"cookie", "header" or a list of both', (value) => {
    const names = [value].flat();
    return names.length > 0 && names.every((name) => name === 'cookie' || name === 'header');
  })
  transport: unknown;

  @IsOptional() @matches('a header name', HTTP_TOKEN) header: unknown;

  @IsOptional()
  @expect('isSerializer', 'an object with the functions serialize and deserialize', (value) => {
    const { serialize, deserialize } = (value ?? {}) as { serialize?: unknown; deserialize?: unknown };
    return typeof serialize === 'function' && typeof deserialize === 'function';
  })
  serializer: unknown;

  @IsOptional() @aBoolean() requestSession: unknown;
  @IsOptional() @refuse('isDataSchema', dataSchemaProblem) data: unknown;

  @IsOptional()
  @expect(
    'isAudience',
    `a name of 1 to ${LONGEST_AUDIENCE} characters that does not begin with "${SIDE_PREFIX}"`,
    (value) =>
      typeof value === 'string' &&
      value !== '' &&
      value.length <= LONGEST_AUDIENCE &&
      !value.startsWith(SIDE_PREFIX),
  )
  audience: unknown;

  @IsOptional() @aWholeNumber('a whole number of bytes above 0') maxDataSize: unknown;

  @IsOptional()
  @expect('isClock', 'a function that gives milliseconds', (value) => typeof value === 'function')
  now: unknown;
}

/** Everything that is wrong with single options: `path: what was expected and what came`. */
export function optionProblems(options: SessionRuntimeOptions): string[] {
  const rules = new OptionsRules();
  fill(rules, options);
  rules.cookie = nested(new SessionCookieRules(), options.cookie);
  rules.encryption = nested(new EncryptionRules(), options.encryption);
  rules.maxSessionsPerUser = nested(new LimitRules(), options.maxSessionsPerUser);
  rules.sockets = nested(new SocketRules(), options.sockets);
  rules.cleanup = nested(new CleanupRules(), options.cleanup);
  return problemsOf(rules);
}

/** What an object has against the rules of its class. */
export function problemsOf(rules: object): string[] {
  const errors = validateSync(rules, { whitelist: true, forbidNonWhitelisted: true });
  return errors.flatMap((error) => describe(error, ''));
}

/** Puts options under their rules. What every object has would pass for a member of the rules, but not in quotes. */
export function fill<T extends object>(rules: T, options: object): T {
  for (const [name, value] of Object.entries(options)) {
    Reflect.set(rules, name in Object.prototype ? JSON.stringify(name) : name, value);
  }
  return rules;
}

/** The rules hold for instances of their class only. */
export function nested(rules: object, value: unknown): unknown {
  // Of a list each item would be looked at, and an empty one found in order.
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? fill(rules, value) : value;
}

function describe({ property, constraints, children }: ValidationError, prefix: string): string[] {
  const path = prefix + property;
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => {
    const text = rule === 'whitelistValidation' ? 'there is no such option' : message;
    return `${path}: ${rule === 'nestedValidation' ? 'expected an object' : text}`;
  });
  return [...own, ...(children ?? []).flatMap((child) => describe(child, `${path}.`))];
}
