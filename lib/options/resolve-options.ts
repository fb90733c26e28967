import { durationInSeconds, type Duration } from '../core/duration.js';
import { jsonSerializer } from '../core/json.serializer.js';
import { cipherKeys, RecordCipher } from '../core/record-cipher.js';
import type { SessionSettings } from '../core/session-settings.js';
import { SessionOptionsError } from '../core/session.errors.js';
import type { CookieSettings } from './cookie-settings.js';
import { cookieProblems } from './cookie.rules.js';
import type {
  SessionCookieOptions,
  SessionRuntimeOptions,
  SessionTransportName,
} from './session-options.interface.js';
import { optionProblems } from './session-options.rules.js';

/** The options with every default filled in. Defaults stand here and nowhere else. */
export interface ResolvedOptions {
  readonly settings: SessionSettings;
  readonly cookie: CookieSettings;
  readonly transports: readonly SessionTransportName[];
  readonly header: string;
  readonly requestSession: boolean;
  /** `revalidateEvery` in milliseconds. */
  readonly sockets: { readonly trustedOrigins: ReadonlySet<string>; readonly revalidateEvery: number };
  /** `undefined`: data is not encrypted. */
  readonly cipher: RecordCipher | undefined;
  /** `every` in milliseconds; `undefined`: nobody sweeps. */
  readonly cleanup: { readonly every: number; readonly batchSize: number } | undefined;
}

/** @throws SessionOptionsError with every problem at once. */
export function resolveOptions(
  options: SessionRuntimeOptions,
  environment = process.env.NODE_ENV,
): ResolvedOptions {
  const problems = optionProblems(options);
  // What is wrong by itself says nothing about what it contradicts.
  const isSound = (...paths: string[]) =>
    !problems.some((problem) => paths.some((path) => problem.startsWith(path)));
  const cookie = resolveCookie(options.cookie ?? {}, environment === 'production', 'sessionid');
  if (isSound('cookie')) {
    problems.push(...cookieProblems(cookie));
  }
  if (isSound('idleTimeout', 'touchInterval', 'renewEvery', 'renewGrace')) {
    problems.push(...timeProblems(options));
  }
  if (problems.length > 0) {
    throw new SessionOptionsError(problems);
  }
  return {
    cookie,
    transports: [...new Set([options.transport ?? 'cookie'].flat())] as SessionTransportName[],
    header: options.header ?? 'X-Session-Token',
    requestSession: options.requestSession ?? false,
    cipher: options.encryption && new RecordCipher(cipherKeys(options.encryption.keys)),
    sockets: {
      trustedOrigins: new Set(options.sockets?.trustedOrigins),
      revalidateEvery: milliseconds(options.sockets?.revalidateEvery ?? '30s'),
    },
    cleanup: resolveCleanup(options.cleanup),
    settings: {
      idleTimeout: milliseconds(options.idleTimeout ?? '14d'),
      absoluteTimeout: millisecondsOrOff(options.absoluteTimeout ?? '30d'),
      touchInterval: millisecondsOrOff(options.touchInterval ?? '1m'),
      expireAtBrowserClose: options.expireAtBrowserClose ?? false,
      renewEvery: millisecondsOrOff(options.renewEvery ?? false),
      renewGrace: milliseconds(options.renewGrace ?? '10s'),
      maxSessionsPerUser: options.maxSessionsPerUser,
      maxDataSize: options.maxDataSize ?? 1_048_576,
      serializer: options.serializer ?? jsonSerializer,
      audience: options.audience ?? null,
      now: options.now ?? Date.now,
    },
  };
}

/** A cookie with its defaults; its own name may need a prefix. */
export function resolveCookie(
  cookie: SessionCookieOptions,
  isProduction: boolean,
  name: string,
): CookieSettings {
  const secure = cookie.secure ?? isProduction;
  const path = cookie.path ?? '/';
  const prefix = secure !== true ? '' : path === '/' && !cookie.domain ? '__Host-' : '__Secure-';
  return {
    name: cookie.name ?? `${prefix}${name}`,
    secure,
    httpOnly: cookie.httpOnly ?? true,
    sameSite: cookie.sameSite ?? 'lax',
    path,
    domain: cookie.domain,
    partitioned: cookie.partitioned ?? false,
    priority: cookie.priority,
  };
}

function resolveCleanup(cleanup: SessionRuntimeOptions['cleanup']): ResolvedOptions['cleanup'] {
  return cleanup === false
    ? undefined
    : { every: milliseconds(cleanup?.every ?? '1h'), batchSize: cleanup?.batchSize ?? 1000 };
}

function timeProblems({
  idleTimeout,
  touchInterval,
  renewEvery,
  renewGrace,
}: SessionRuntimeOptions): string[] {
  const idle = durationInSeconds(idleTimeout ?? '14d')!;
  const problems: string[] = [];
  if (touchInterval && durationInSeconds(touchInterval)! >= idle) {
    problems.push('touchInterval: expected less than idleTimeout, or sessions in use would expire');
  }
  if (renewEvery && durationInSeconds(renewEvery)! <= durationInSeconds(renewGrace ?? '10s')!) {
    problems.push('renewEvery: expected more than renewGrace');
  }
  return problems;
}

function milliseconds(value: Duration): number {
  return durationInSeconds(value)! * 1000;
}

function millisecondsOrOff(value: Duration | false): number | undefined {
  return value === false ? undefined : milliseconds(value);
}
