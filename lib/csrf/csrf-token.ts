import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes of a secret, of a MAC and of a mask. */
const SIZE = 32;

/** A secret for the cookie: 256 random bits. */
export function mintSecret(): Buffer {
  return randomBytes(SIZE);
}

/** The secret that the value of a cookie is; `undefined` when it cannot be one. */
export function parseSecret(text: string): Buffer | undefined {
  return parse(text, SIZE);
}

/**
 * A token for whoever holds the secret and this session, or no session at all (OWASP: signed double submit). It looks
 * different every time, so that a compressed response cannot be probed for it (BREACH).
 */
export function issueToken(secret: Buffer, sessionId = ''): string {
  const mask = randomBytes(SIZE);
  return Buffer.concat([mask, xor(mask, macOf(secret, sessionId))]).toString('base64url');
}

/** The MAC that a token carries under its mask; `undefined` when it cannot be a token. */
export function unmaskToken(text: string): Buffer | undefined {
  const bytes = parse(text, 2 * SIZE);
  return bytes && xor(bytes.subarray(0, SIZE), bytes.subarray(SIZE));
}

/** Whether the MAC is that of the secret and the session, compared in constant time. */
export function isMacOf(mac: Buffer, secret: Buffer, sessionId = ''): boolean {
  return timingSafeEqual(mac, macOf(secret, sessionId));
}

function macOf(secret: Buffer, sessionId: string): Buffer {
  return createHmac('sha256', secret).update(sessionId).digest();
}

function xor(left: Buffer, right: Buffer): Buffer {
  return left.map((byte, index) => byte ^ right[index]!) as Buffer;
}

/** Node skips what is no base64url, and ignores the bits that are left over: one value would have many spellings. */
function parse(text: string, size: number): Buffer | undefined {
  if (text.length !== Math.ceil((size * 4) / 3)) {
    return undefined;
  }
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === size && bytes.toString('base64url') === text ? bytes : undefined;
}
