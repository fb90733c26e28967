import { createHash, randomBytes } from 'node:crypto';
import { basketOf } from '../support/payload.mjs';

export const DAY = 24 * 60 * 60 * 1000;

/** What the module tells a store at boot. */
export const CONTEXT = { now: Date.now, maxDataSize: 1_048_576 };

/** The data of a session, 0.2 KB of it. */
export function newData() {
  return { user: 'ann', count: 0, basket: basketOf(200) };
}

/** A record as a request makes it. */
export function newRecord(fields = {}) {
  const now = Date.now();
  return {
    id: randomBytes(16).toString('hex'),
    secretHash: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    previousHash: null,
    previousUntil: null,
    data: JSON.stringify(newData()),
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    lastSeenAt: now,
    expiresAt: now + 14 * DAY,
    absoluteExpiresAt: now + 30 * DAY,
    ip: `203.0.113.${now % 256}`,
    userAgent: `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${now}.0 Safari/537.36`,
    audience: null,
    groupId: null,
    ...fields,
  };
}
