import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID = /^[0-9a-f]{32}$/;
const TOKEN = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;

/**
 * What the browser holds: `<id>.<secret>`. The id finds the record, the secret proves the right to it (a selector and
 * a verifier), so that neither a dump of the store nor a log yields anything that could be presented.
 */
export class SessionToken {
  readonly id: string;
  /** SHA-256 of the secret in base64url, which is all that a store ever sees of it. */
  readonly secretHash: string;
  readonly #secret: string;

  private constructor(id: string, secret: string) {
    this.id = id;
    this.#secret = secret;
    this.secretHash = hash('sha256', secret, 'base64url');
  }

  /** A token for a new session: 128 random bits of id, 256 of secret. */
  static mint(id = randomBytes(16).toString('hex')): SessionToken {
    return new SessionToken(id, randomBytes(32).toString('base64url'));
  }

  /** The token that the text is, or `undefined` when it cannot be one of ours. */
  static parse(text: string): SessionToken | undefined {
    // The length goes first so that a header of any size costs nothing.
    const [, id, secret] = (text.length === 76 && TOKEN.exec(text)) || [];
    return id && secret ? new SessionToken(id, secret) : undefined;
  }

  static isId(value: unknown): value is string {
    return typeof value === 'string' && ID.test(value);
  }

  /** Whether the stored hash is that of this secret, compared in constant time. */
  matches(secretHash: string): boolean {
    const ours = Buffer.from(this.secretHash);
    const theirs = Buffer.from(secretHash);
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
  }

  /** The credential itself, for a transport and nobody else. */
  reveal(): string {
    return `${this.id}.${this.#secret}`;
  }
}
