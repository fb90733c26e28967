import type { SessionRecord } from '../stores/session-record.js';
import { METHODS_KEY } from './session-changes.js';
import type { SessionClient } from './session-client.interface.js';
import { absoluteEnd } from './session-expiry.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionToken } from './session-token.js';

/** Who logs in, and how. */
export interface SessionLogin {
  readonly userId: string;
  /** How the user has proved to be who they are, such as `['pwd', 'otp']` (RFC 8176). */
  readonly methods: readonly string[];
  /** Whether the cookie is to survive the browser; `undefined`: as it is, or as the module says. */
  readonly remember: boolean | undefined;
  /** The single sign-on that the login comes from. */
  readonly origin?: LoginOrigin;
}

/** What another application, or an identity provider, has said of a login. */
export interface LoginOrigin {
  readonly groupId: string;
  /** When the user has proved who they are; now where left out. In milliseconds. */
  readonly authenticatedAt?: number;
  /** When the login ends at the latest, in milliseconds; `null`: no such limit. */
  readonly until?: number | null;
}

/** A login as it is stored. Times are in milliseconds. */
export interface StoredLogin {
  readonly userId: string;
  /** `null`: it is in no group. */
  readonly groupId: string | null;
  readonly authenticatedAt: number;
  readonly methods: readonly string[];
  /** When it ends at the latest; `null`: no such limit. */
  readonly until: number | null;
}

/** The token that a session gets with its next commit, and the login that it gets it for, if it is for one. */
export interface StagedIdentity {
  readonly token: SessionToken;
  readonly login?: SessionLogin;
  /** The group that the login belongs to. */
  readonly groupId?: string | null;
}

/** What of a record is about who it belongs to, and which no ordinary commit writes. */
export type RecordIdentity = Partial<Omit<SessionRecord, 'data' | 'version' | 'lastSeenAt' | 'expiresAt'>>;

/** Who a record belongs to from now on. A login starts its clock anew (NIST SP 800-63B-4, section 5.2). */
export function identityOf(
  { token, login, groupId = null }: StagedIdentity,
  previous: Pick<SessionRecord, 'userId' | 'createdAt'> | undefined,
  client: SessionClient,
  settings: SessionSettings,
): RecordIdentity {
  const credential = { id: token.id, secretHash: token.secretHash, previousHash: null, previousUntil: null };
  if (!login) {
    return credential;
  }
  const now = settings.now();
  const isOthers = previous?.userId != null && previous.userId !== login.userId;
  const begins = isOthers || login.origin !== undefined;
  return {
    ...credential,
    ip: client.ip,
    userAgent: client.userAgent,
    userId: login.userId,
    createdAt: begins ? now : (previous?.createdAt ?? now),
    authenticatedAt: login.origin?.authenticatedAt ?? now,
    absoluteExpiresAt: earlier(absoluteEnd(settings), login.origin?.until ?? null),
    groupId,
  };
}

/** Of two limits the one that counts; `null` is none. */
function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** How the user of a session has proved to be who they are. */
export function methodsOf({ data }: SessionRecord, { serializer }: SessionSettings): string[] {
  try {
    const methods = serializer.deserialize(data)[METHODS_KEY];
    return Array.isArray(methods) ? methods.filter((method) => typeof method === 'string') : [];
  } catch {
    return [];
  }
}
