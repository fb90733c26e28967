import type { SessionActivity } from '../stores/session-store.js';
import type { SessionRecord } from '../stores/session-record.js';
import { durationInSeconds, type Duration } from './duration.js';
import type { SessionSettings } from './session-settings.js';

/**
 * What `setExpiry()` asked for, as it is stored: idle time in milliseconds, a moment, the end of the browser
 * session, or whether the module's time survives it. `undefined` follows the module.
 */
export type ExpiryPolicy = { idle: number } | { at: number } | 'browser' | 'persistent' | undefined;

type Timeouts = Pick<SessionRecord, 'lastSeenAt' | 'expiresAt' | 'absoluteExpiresAt'>;

/** The policy that a value given to `setExpiry()` means. Throws a `RangeError` for a value that means none. */
export function expiryPolicy(value: Duration | Date | 'browser' | null, now: number): ExpiryPolicy {
  if (value === null) {
    return undefined;
  }
  if (value === 0 || value === 'browser') {
    return 'browser';
  }
  if (value instanceof Date) {
    const at = value.getTime();
    if (!(at > now)) {
      throw new RangeError('setExpiry() takes a Date in the future; flush() ends a session at once.');
    }
    return { at };
  }
  const seconds = durationInSeconds(value);
  if (!seconds) {
    throw new RangeError(
      `setExpiry() takes seconds, a duration such as '30m', a Date, 'browser' or null, not ${JSON.stringify(value)}.`,
    );
  }
  return { idle: seconds * 1000 };
}

/** The policy in a stored record; anything that is none of ours follows the module. */
export function storedExpiryPolicy(value: unknown): ExpiryPolicy {
  if (value === 'browser' || value === 'persistent') {
    return value;
  }
  const { idle, at } = (value ?? {}) as { idle?: unknown; at?: unknown };
  return typeof idle === 'number' ? { idle } : typeof at === 'number' ? { at } : undefined;
}

/** When a session that is active now ends, unless it is used again. */
export function expiresAt(
  policy: ExpiryPolicy,
  absoluteExpiresAt: number | null,
  settings: SessionSettings,
  now = settings.now(),
): number {
  const end =
    policy === undefined || typeof policy === 'string'
      ? now + settings.idleTimeout
      : 'idle' in policy
        ? now + policy.idle
        : policy.at;
  return Math.floor(Math.min(end, absoluteExpiresAt ?? Infinity));
}

/** When a session that begins now ends at the latest; `null`: never. */
export function absoluteEnd({ absoluteTimeout, now }: SessionSettings): number | null {
  return absoluteTimeout === undefined ? null : now() + absoluteTimeout;
}

/** Whether the cookie is to survive the browser. */
export function isPersistent(policy: ExpiryPolicy, settings: SessionSettings): boolean {
  return policy === undefined ? !settings.expireAtBrowserClose : policy !== 'browser';
}

/** Whether so much time has passed that a mere read moves the expiry. */
export function isTouchDue(record: Timeouts, policy: ExpiryPolicy, settings: SessionSettings): boolean {
  if (settings.touchInterval === undefined || (typeof policy === 'object' && 'at' in policy)) {
    return false;
  }
  const idle = typeof policy === 'object' ? policy.idle : settings.idleTimeout;
  // A session that lives shorter than the interval would otherwise expire in the middle of its use.
  return settings.now() - record.lastSeenAt >= Math.min(settings.touchInterval, idle / 2);
}

/** What a write does to the expiry: moves it when that is due, or the policy has changed, and else leaves it alone. */
export function activityOfWrite(
  record: Timeouts,
  policy: ExpiryPolicy,
  policyChanged: boolean,
  settings: SessionSettings,
): SessionActivity {
  const isDue = policyChanged || settings.touchInterval === undefined || isTouchDue(record, policy, settings);
  return isDue
    ? activityNow(record, policy, settings)
    : { lastSeenAt: record.lastSeenAt, expiresAt: record.expiresAt };
}

export function activityNow(
  record: Timeouts,
  policy: ExpiryPolicy,
  settings: SessionSettings,
): SessionActivity {
  const now = settings.now();
  return { lastSeenAt: now, expiresAt: expiresAt(policy, record.absoluteExpiresAt, settings, now) };
}

/** Whether the secret has reached the age at which it is renewed. */
export function isRenewalDue(
  { previousUntil, createdAt }: Pick<SessionRecord, 'previousUntil' | 'createdAt'>,
  { renewEvery, renewGrace, now }: SessionSettings,
): boolean {
  const renewedAt = previousUntil === null ? createdAt : previousUntil - renewGrace;
  return renewEvery !== undefined && now() - renewedAt >= renewEvery;
}
