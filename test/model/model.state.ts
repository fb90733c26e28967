import type { Data, Seen } from './model.acts.js';

/** How the applications under test are set up, in milliseconds. */
export const TIMES = {
  idleTimeout: 3_600_000,
  absoluteTimeout: 4 * 3_600_000,
  touchInterval: 60_000,
  /** For how long a request with a token that has just died is a latecomer. */
  renewGrace: 10_000,
} as const;

/** Where the framework keeps how long a session lives, among the data. */
export const EXPIRY = '$expiry';
export const FLASH = '$flash:';

export type Policy = { idle: number } | { at: number } | 'browser' | undefined;

/** A session as the store has it, under a name that the model gives it. */
export interface ModelSession {
  data: Data;
  user: string | null;
  version: number;
  lastSeen: number;
  expires: number;
  absolute: number;
  /** Until something ends it; it may have expired all the same. */
  isThere: boolean;
}

/** What a visit knows of a session in the store, as it was when it last looked. */
export type Known = Omit<ModelSession, 'data' | 'isThere'> & { name: string };

/** Updates of a key, and what they came to here. */
export interface Counted {
  times: number;
  value: unknown;
}

export interface ModelVisit {
  station: number;
  /** The token that came with the request: the real id, and whether its secret is a guess. */
  presented: { id: string; isForged: boolean } | null;
  status: 'unused' | 'new' | 'starting' | 'stored' | 'regenerating' | 'ended' | 'interrupted';
  known?: Known;
  /** What had ended before the request asked for it. */
  ended?: string;
  base: Data;
  view: Data;
  cleared: 'nothing' | 'data' | 'everything';
  updates: Record<string, Counted>;
  login?: string;
  /** The session whose token the client holds. */
  holds?: string;
  client:
    | { kind: 'keep' }
    | { kind: 'send'; name: string; until: number | null }
    | { kind: 'clear'; because: 'stale' | 'flushed' };
}

/** That a station has told a client of the end of a session, and what has taken its place. */
export interface Death {
  station: number;
  at: number;
  heir?: string;
}

/** One of the states that all may be in, by what was seen so far. */
export interface State {
  now: number;
  sessions: Record<string, ModelSession>;
  /** The real ids of sessions. */
  ids: Record<string, string>;
  visits: Record<number, ModelVisit>;
  deaths: Record<string, Death[]>;
  /** Acts that have begun and whose end was not seen: whether they have taken effect, and what came of it. */
  open: Record<number, 'waiting' | Pick<Seen, 'error' | 'value'>>;
}

export function emptyState(now: number): State {
  return { now, sessions: {}, ids: {}, visits: {}, deaths: {}, open: {} };
}

/** A copy to change. */
export function forkOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export function isAlive(state: State, name: string): boolean {
  const session = state.sessions[name];
  return session !== undefined && session.isThere && state.now < session.expires;
}

/** The sessions that have taken the place of one, by what a station knows. */
export function heirsOf(state: State, station: number, name: string): string[] {
  return (state.deaths[name] ?? []).flatMap(({ station: where, heir }) =>
    where === station && heir ? [heir, ...heirsOf(state, station, heir)] : [],
  );
}

export function nameOf(state: State, id: string): string | undefined {
  return Object.keys(state.ids).find((name) => state.ids[name] === id);
}

export function policyOf(data: Data): Policy {
  return data[EXPIRY] as Policy;
}

/** When a session that is used now ends, unless it is used again. */
export function endOf(policy: Policy, absolute: number, now: number): number {
  const end =
    policy === undefined || policy === 'browser'
      ? now + TIMES.idleTimeout
      : 'idle' in policy
        ? now + policy.idle
        : policy.at;
  return Math.min(end, absolute);
}

/** Whether use moves the expiry by now. */
export function isDue(lastSeen: number, policy: Policy, now: number): boolean {
  if (typeof policy === 'object' && 'at' in policy) return false;
  const idle = typeof policy === 'object' ? policy.idle : TIMES.idleTimeout;
  return now - lastSeen >= Math.min(TIMES.touchInterval, idle / 2);
}
