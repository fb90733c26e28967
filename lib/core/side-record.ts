import { randomInt } from 'node:crypto';
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
  readonly secretHash?: string;
}

/** Leaves a column of 32 bits room for as many changes again. */
const HIGHEST_FIRST_VERSION = 2 ** 30;

/**
 * A record that is no session, with its kind where a session has its audience. Its version is a random one: ids that are
 * made of names come back, and what was under one before, or has been put there by somebody else, must not pass for this.
 */
export function sideRecord({ id, kind, data, now, expiresAt, secretHash }: SideContent): SessionRecord {
  return {
    id,
    // No token has this hash.
    secretHash: secretHash ?? '',
    previousHash: null,
    previousUntil: null,
    data,
    version: randomInt(1, HIGHEST_FIRST_VERSION),
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
