import type { SessionRecord } from '../stores/session-record.js';
import type { SessionSource } from '../stores/session-store.js';

/** What audiences of applications never begin with. */
export const SIDE_PREFIX = 'nest-sessions/';

/** What is kept in the store beside the sessions. No token opens it, whatever its kind is. */
export type SideKind = `${typeof SIDE_PREFIX}${string}`;

interface SideContent {
  readonly id: string;
  readonly kind: SideKind;
  readonly data: string;
  readonly now: number;
  readonly expiresAt: number;
  readonly version?: number;
  readonly secretHash?: string;
}

/** A record that is no session, with its kind where a session has its audience. */
export function sideRecord({ id, kind, data, now, expiresAt, ...rest }: SideContent): SessionRecord {
  return {
    id,
    // No token has this hash.
    secretHash: rest.secretHash ?? '',
    previousHash: null,
    previousUntil: null,
    data,
    version: rest.version ?? 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    lastSeenAt: now,
    expiresAt,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: kind,
    groupId: null,
  };
}

/** What a store fills columns of its own from, where there is no session. */
export function noSource(id: string): SessionSource {
  return { id, userId: null, data: {} };
}
