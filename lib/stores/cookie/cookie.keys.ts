import { createHash } from 'node:crypto';

const KEY = /^[A-Za-z0-9_-]{43}$/;

/** A key and the name under which a token says that it was made with it. */
export interface CookieKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** The keys of the option: 32 bytes each, in base64url. @throws TypeError for any other. */
export function cookieKeys(keys: unknown): readonly CookieKey[] {
  if (
    !Array.isArray(keys) ||
    keys.length === 0 ||
    !keys.every((key) => typeof key === 'string' && KEY.test(key))
  ) {
    // Never with the keys themselves.
    throw new TypeError(
      'cookieStore: `keys` must be a list of keys of 32 bytes in base64url, the current one first. Make one with: ' +
        `node -e "console.log(require('crypto').randomBytes(32).toString('base64url'))"`,
    );
  }
  return keys.map((key: string) => {
    const secret = Buffer.from(key, 'base64url');
    return {
      id: createHash('sha256').update(secret).digest('base64url').slice(0, 8),
      secret: Uint8Array.from(secret),
    };
  });
}
