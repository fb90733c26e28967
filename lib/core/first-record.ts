import type { SessionRecord } from '../stores/session-record.js';
import type { SessionClient } from './session-client.interface.js';
import { absoluteEnd, expiresAt, type ExpiryPolicy } from './session-expiry.js';
import type { SessionSettings } from './session-settings.js';

/** The record of a session that begins now, anonymous and without an identity. */
export function firstRecord(
  text: string,
  policy: ExpiryPolicy,
  client: SessionClient,
  settings: SessionSettings,
): Omit<SessionRecord, 'id' | 'secretHash'> {
  const now = settings.now();
  const absoluteExpiresAt = absoluteEnd(settings);
  return {
    previousHash: null,
    previousUntil: null,
    data: text,
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    lastSeenAt: now,
    expiresAt: expiresAt(policy, absoluteExpiresAt, settings, now),
    absoluteExpiresAt,
    ip: client.ip,
    userAgent: client.userAgent,
    audience: settings.audience,
    groupId: null,
  };
}
