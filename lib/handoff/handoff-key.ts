import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What a secret is used for: what is made for one use is worth nothing for another. */
export type KeyUse = 'messages' | 'transactions';

/** A key of its own for one use of a secret (RFC 5869). `secret` is 32 bytes in base64url. */
export function handoffKey(secret: string, use: KeyUse): KeyObject {
  const bytes = hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', `nest-sessions handoff ${use}`, 32);
  return createSecretKey(Buffer.from(bytes));
}
