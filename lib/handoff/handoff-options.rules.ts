import { IsOptional } from 'class-validator';
import { durationInSeconds } from '../core/duration.js';
import { cipherKeyProblem } from '../core/record-cipher.js';
import { expect, oneOf, refuse } from '../options/option.rules.js';
import { parseUrl } from '../options/parse-url.js';
import { aBoolean, fill, matches, problemsOf } from '../options/session-options.rules.js';
import { shown } from '../options/shown.js';
import type {
  HandoffAudience,
  HandoffConsumerOptions,
  HandoffIssuerOptions,
} from './handoff-options.interface.js';
import { ownPath } from './own-path.js';

/** A name that needs no quoting in URLs and logs. */
const AUDIENCE = /^[A-Za-z0-9][\w.-]{0,63}$/;
/** What other paths are put behind, and what a browser or a server is sent to as it stands. */
type AddressKind = 'base' | 'page';
const EXAMPLES = {
  base: 'https://accounts.example.com',
  page: 'https://shop.example.com/session/callback',
} as const;
/** In seconds. */
const LONGEST_RECHECK = 60 * 60;

const anAddress = (kind: AddressKind) => refuse('isAddress', (value) => addressProblem(value, kind));
const aKey = () => refuse('isKey', (value) => cipherKeyProblem([value])?.replace('keys[0]: ', ''));
const anAudience = () => matches('a name of letters, digits, "_", "." and "-", 64 at the most', AUDIENCE);
const aFunction = () => expect('isFunction', 'a function', (value) => typeof value === 'function');
/** Letters that mean nothing to a router. */
const ROUTE = /^(?:\/[\w.~-]+)+$/;
/** What is beside it has to have another name. */
const TAKEN = /\/(?:start|ended)$/;

class IssuerRules implements Record<keyof HandoffIssuerOptions, unknown> {
  @anAddress('base') issuer: unknown;

  @expect(
    'areAudiences',
    'at least one application such as { shop: { callback: "https://shop.example.com/session/callback" } }',
    (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0,
  )
  audiences: unknown;

  @IsOptional()
  @expect(
    'isOwnPath',
    'a path of this application such as "/login"',
    (value) => value !== '/' && ownPath(value) === value,
  )
  loginPath: unknown;
}

class AudienceRules implements Record<keyof HandoffAudience, unknown> {
  @anAddress('page') callback: unknown;
  @IsOptional() @aKey() key: unknown;
  @IsOptional() @anAddress('page') logoutUrl: unknown;
  @IsOptional() @aBoolean() confirm: unknown;
}

class ConsumerRules implements Record<keyof HandoffConsumerOptions, unknown> {
  @anAddress('base') issuer: unknown;
  @anAudience() audience: unknown;

  @IsOptional()
  @expect(
    'isRoute',
    'a path such as "/session/callback", with another name at its end than "start" and "ended"',
    (value) => ownPath(value) === value && ROUTE.test(value) && !TAKEN.test(value),
  )
  callbackPath: unknown;

  @aKey() key: unknown;
  @oneOf('store', 'http') redeem: unknown;
  @IsOptional() @anAddress('base') backChannel: unknown;
  @IsOptional() @aFunction() user: unknown;

  @IsOptional()
  @expect(
    'areKeys',
    'a list of keys of session data',
    (value) => Array.isArray(value) && value.every((key) => typeof key === 'string' && !key.startsWith('$')),
  )
  keep: unknown;

  @IsOptional()
  @expect('isRecheck', 'a duration above 0 and of an hour at most', (value) => {
    const seconds = durationInSeconds(value);
    return seconds !== undefined && seconds > 0 && seconds <= LONGEST_RECHECK;
  })
  recheckEvery: unknown;
}

/** Everything that is wrong with the options of an issuer, by its path. */
export function issuerProblems(options: HandoffIssuerOptions, environment: string | undefined): string[] {
  const problems = [
    ...problemsOf(fill(new IssuerRules(), options)),
    ...inClear('issuer', options.issuer, environment),
  ];
  if (problems.some((problem) => problem.startsWith('audiences'))) {
    return problems;
  }
  const owners = new Map<string, string>();
  for (const [name, audience] of Object.entries(options.audiences)) {
    const path = `audiences.${name}`;
    if (!AUDIENCE.test(name)) {
      problems.push(`${path}: expected a name of letters, digits, "_", "." and "-", 64 at the most`);
    }
    if (typeof audience !== 'object' || audience === null) {
      problems.push(`${path}: expected an object such as { callback: "https://…/session/callback" }`);
      continue;
    }
    const own = problemsOf(fill(new AudienceRules(), audience));
    problems.push(
      ...own.map((problem) => `${path}.${problem}`),
      ...inClear(`${path}.callback`, audience.callback, environment),
      ...inClear(`${path}.logoutUrl`, audience.logoutUrl, environment),
    );
    if (audience.logoutUrl !== undefined && audience.key === undefined) {
      problems.push(`${path}.logoutUrl: is for an application with a key; the others are on this store`);
    }
    if (audience.key !== undefined) {
      const owner = owners.get(audience.key);
      if (owner !== undefined) {
        problems.push(`${path}.key: is that of "${owner}", and either could speak as the other`);
      }
      owners.set(audience.key, owner ?? name);
    }
  }
  return problems;
}

/** Everything that is wrong with the options of a consumer, by its path. */
export function consumerProblems(options: HandoffConsumerOptions, environment: string | undefined): string[] {
  const problems = [
    ...problemsOf(fill(new ConsumerRules(), options)),
    ...inClear('issuer', options.issuer, environment),
  ];
  if (options.redeem === 'store' && options.recheckEvery !== undefined) {
    problems.push('recheckEvery: is for redeem: "http"; on one store there is nobody to ask');
  }
  return problems;
}

/** What browsers are sent to over the open network has to be encrypted in production. */
function inClear(path: string, url: unknown, environment: string | undefined): string[] {
  return environment === 'production' && typeof url === 'string' && url.startsWith('http:')
    ? [`${path}: expected https in production, or tickets travel in clear`]
    : [];
}

/** What is wrong with an address of this application or of another. */
function addressProblem(value: unknown, kind: AddressKind): string | undefined {
  const expected = `expected a URL such as "${EXAMPLES[kind]}"`;
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  if (typeof value !== 'string' || !url) {
    return `${expected}, got ${shown(value)}`;
  }
  const { protocol, username, password, href } = url;
  if (!['http:', 'https:'].includes(protocol) || username || password || /[?#*]/.test(value)) {
    return `${expected}, without user, query, fragment and wildcards`;
  }
  // It is compared to the letter.
  const canonical = kind === 'base' ? href.replace(/\/$/, '') : href;
  return value === canonical ? undefined : `${expected}, got "${value}"; did you mean "${canonical}"?`;
}
