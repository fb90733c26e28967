import { CompactEncrypt, compactDecrypt, CompactSign, compactVerify, errors } from 'jose';
import type { CookieKey } from './cookie.keys.js';

/** Whether clients can read their data (`signed`) or not. Neither can change it. */
export type CookieMode = 'encrypted' | 'signed';

/** Says what the text is for, so that nothing else made with the same key is taken for a session. */
const TYPE = 'nest-session';
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;
const SIGNATURE = { alg: 'HS256' } as const;

/** Seals bytes so that they can travel with a client: JWE or JWS in the compact form, by `jose`. */
export class CookieEnvelope {
  constructor(
    private readonly keys: readonly CookieKey[],
    private readonly mode: CookieMode,
  ) {}

  async seal(payload: Uint8Array): Promise<string> {
    const { id: kid, secret } = this.keys[0]!;
    return this.mode === 'encrypted'
      ? new CompactEncrypt(payload).setProtectedHeader({ ...ENCRYPTION, kid, typ: TYPE }).encrypt(secret)
      : new CompactSign(payload).setProtectedHeader({ ...SIGNATURE, kid, typ: TYPE }).sign(secret);
  }

  /** The bytes of a text that one of the keys has sealed, in this mode and no other. */
  async open(text: string): Promise<Uint8Array | undefined> {
    if (!hasOneSpelling(text)) {
      return undefined;
    }
    try {
      const { protectedHeader, payload } = await this.#open(text);
      return protectedHeader.typ === TYPE ? payload : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) {
        return undefined;
      }
      throw error;
    }
  }

  async #open(text: string) {
    const keyOf = ({ kid }: { kid?: string }) => {
      const key = this.keys.find(({ id }) => id === kid);
      if (!key) {
        throw new errors.JWEInvalid('none of our keys');
      }
      return key.secret;
    };
    if (this.mode === 'signed') {
      return compactVerify(text, keyOf, { algorithms: [SIGNATURE.alg] });
    }
    const { protectedHeader, plaintext } = await compactDecrypt(text, keyOf, {
      keyManagementAlgorithms: [ENCRYPTION.alg],
      contentEncryptionAlgorithms: [ENCRYPTION.enc],
    });
    return { protectedHeader, payload: plaintext };
  }
}

/** `jose` ignores the bits that are left over in the last letter of each part: one token would have many spellings. */
function hasOneSpelling(text: string): boolean {
  return text.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}
