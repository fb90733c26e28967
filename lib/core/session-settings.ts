import type { DataCheck } from './data-check.js';
import type { SessionSerializer } from './session-serializer.interface.js';

/** How many sessions a user may have at once, and what happens to the one too many. */
export interface SessionLimitSettings {
  readonly limit: number;
  readonly exceeded: 'evict-oldest' | 'refuse';
}

/** The options of the module with every default filled in. Times are in milliseconds. */
export interface SessionSettings {
  readonly idleTimeout: number;
  /** `undefined`: no absolute limit. */
  readonly absoluteTimeout: number | undefined;
  /** How far the expiry may lag behind activity; `undefined`: only a write moves it. */
  readonly touchInterval: number | undefined;
  readonly expireAtBrowserClose: boolean;
  /** `undefined`: the secret is never renewed by time. */
  readonly renewEvery: number | undefined;
  readonly renewGrace: number;
  /** `undefined`: as many as they like. */
  readonly maxSessionsPerUser: SessionLimitSettings | undefined;
  /** Bytes. */
  readonly maxDataSize: number;
  readonly serializer: SessionSerializer;
  /** `undefined`: data may be anything. */
  readonly dataCheck?: DataCheck | undefined;
  /** Which of the sessions in the store are this application's; `null`: those that are for no one in particular. */
  readonly audience: string | null;
  readonly now: () => number;
}
