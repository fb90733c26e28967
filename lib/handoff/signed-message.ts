import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { KeyObject } from 'node:crypto';
import { HandoffRefusal } from './handoff.errors.js';

/** What servers have to say to each other. */
export type MessageKind = 'redeem' | 'redeemed' | 'spoil' | 'check' | 'checked' | 'end' | 'ended' | 'done';

/** Who speaks to whom (names of audiences, and the issuer's), with which key, and by which clock in milliseconds. */
export interface Correspondence {
  readonly from: string;
  readonly to: string;
  readonly key: KeyObject;
  readonly now: () => number;
}

const ALGORITHM = 'HS256';
/** In seconds. Servers whose clocks differ by more do not understand each other. */
const LIFE = 60;

const typeOf = (kind: MessageKind) => `nest-sessions-handoff-${kind}+jwt`;

/** A message that only the holders of the key can have written, for a minute, and for one purpose (RFC 8725, 3.11). */
export function signMessage(
  kind: MessageKind,
  content: JWTPayload,
  { from, to, key, now }: Correspondence,
): Promise<string> {
  const issuedAt = Math.floor(now() / 1000);
  return new SignJWT(content)
    .setProtectedHeader({ alg: ALGORITHM, typ: typeOf(kind) })
    .setIssuer(from)
    .setAudience(to)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFE)
    .sign(key);
}

/** What the message says. @throws HandoffRefusal when it is not of this kind, key and correspondence, or too old. */
export async function readMessage(
  kind: MessageKind,
  text: unknown,
  { from, to, key, now }: Correspondence,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(String(text), key, {
      algorithms: [ALGORITHM],
      typ: typeOf(kind),
      issuer: from,
      audience: to,
      maxTokenAge: LIFE,
      clockTolerance: LIFE,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'iat'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      throw new HandoffRefusal('HANDOFF_SIGNATURE', `The message is not accepted: ${error.code}.`, 401);
    }
    throw error;
  }
}
