import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  randomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const PURPOSE = 'nest-sessions record data 1';
const KEY_BYTES = 32;
const KEY_TEXT = /^[A-Za-z0-9_-]{43}=?$/;
const KEY_ID_BYTES = 6;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD = IV_BYTES + TAG_BYTES;
const PREFIX_LENGTH = 'v1..'.length + (KEY_ID_BYTES * 4) / 3;

/** What is wrong with the keys of `encryption`, naming each by its place and never by its text. */
export function cipherKeyProblem(keys: unknown): string | undefined {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [];
  const wrong = list.flatMap((key, index) => (isKey(key) ? [] : [`keys[${index}]`]));
  return list.length > 0 && wrong.length === 0
    ? undefined
    : `${wrong.length > 0 ? wrong.join(', ') : 'keys'}: expected ${KEY_BYTES} random bytes in base64url (43 letters). ` +
        `Make a key with: node -p "crypto.randomBytes(${KEY_BYTES}).toString('base64url')"`;
}

/**
 * The keys of `encryption: { keys: [current, …previous] }`.
 * @throws Error naming every key that is none by its place.
 */
export function cipherKeys(keys: readonly string[]): KeyObject[] {
  const problem = cipherKeyProblem(keys);
  if (problem) throw new Error(problem);
  return keys.map((key) => createSecretKey(key, 'base64url'));
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' && KEY_TEXT.test(key) && Buffer.from(key, 'base64url').length === KEY_BYTES;
}

/** The largest number of bytes that sealing makes of a text of so many bytes. */
export function sealedSize(bytes: number): number {
  return PREFIX_LENGTH + Math.ceil(((bytes + OVERHEAD) * 4) / 3);
}

/**
 * Seals the data of records with AES-256-GCM, each session under a key of its own, derived from the current one: no
 * number of writes to all sessions together wears out a key. A sealed text opens under the id it was sealed for only.
 *
 * `v1.<id of the key>.<iv, ciphertext and tag in base64url>`
 */
export class RecordCipher {
  private readonly current: readonly [keyId: string, key: KeyObject];
  private readonly byId: ReadonlyMap<string, KeyObject>;

  /** @param keys At least one. The first seals, all of them open. */
  constructor(keys: readonly KeyObject[]) {
    const named = keys.map((key) => [keyIdOf(key), key] as const);
    const [current] = named;
    if (!current) throw new TypeError('RecordCipher needs at least one key.');
    this.current = current;
    this.byId = new Map(named);
  }

  /** Never the same text twice: not to be compared. */
  seal(id: string, text: string): string {
    const [keyId, key] = this.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, keyFor(id, key), iv);
    cipher.setAAD(boundTo(id));
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${keyId}.${sealed.toString('base64url')}`;
  }

  /** @throws when the text was not sealed for this id with one of the keys, to the last letter. */
  open(id: string, sealed: string): string {
    const [version, keyId = '', body = '', ...rest] = sealed.split('.');
    const key = this.byId.get(keyId);
    const bytes = Buffer.from(body, 'base64url');
    // Node reads base64url leniently: only the one way to write the bytes counts.
    const isWellFormed = version === 'v1' && rest.length === 0 && bytes.toString('base64url') === body;
    if (!isWellFormed || !key || bytes.length < OVERHEAD)
      throw new Error('It is not sealed with a known key.');
    const decipher = createDecipheriv(ALGORITHM, keyFor(id, key), bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(id));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}

function keyIdOf(key: KeyObject): string {
  return createHash('sha256').update(key.export()).digest().subarray(0, KEY_ID_BYTES).toString('base64url');
}

function keyFor(id: string, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(boundTo(id)).digest();
}

function boundTo(id: string): Buffer {
  return Buffer.from(`${PURPOSE}\0${id}`);
}
