import { wholeRecord } from '../session-record.check.js';
import type { SessionRecord } from '../session-record.js';

/** Kept beyond the expiry, in milliseconds, so that the clock of the store never ends a session before ours does. */
const SLACK = 60_000;

/** A record in the shape of the sessions that express-session stores keep. */
export interface StoredSession {
  /** As plain data. The times are by the real clock, which is the one that these stores ask. */
  readonly cookie: {
    readonly originalMaxAge: number;
    readonly maxAge: number;
    readonly expires: Date;
    readonly httpOnly: true;
    readonly path: '/';
  };
  readonly record: SessionRecord;
}

/** What to hand to the store: always a new object, since stores write into it. */
export function toStored(record: SessionRecord, now: number): StoredSession {
  const life = Math.max(record.expiresAt - now, 0) + SLACK;
  const expires = new Date(Date.now() + life);
  return {
    cookie: { originalMaxAge: life, maxAge: life, expires, httpOnly: true, path: '/' },
    record: { ...record },
  };
}

/** The record in what the store gave; `undefined` when that is not a session of ours. */
export function recordOf(stored: unknown): SessionRecord | undefined {
  return wholeRecord((stored as Partial<StoredSession> | null | undefined)?.record);
}
