import type { Data } from './model.acts.js';
import {
  endOf,
  EXPIRY,
  forkOf,
  heirsOf,
  isAlive,
  isDue,
  policyOf,
  TIMES,
  type Known,
  type ModelSession,
  type ModelVisit,
  type State,
} from './model.state.js';
import { changesOf, isWorthASession, NO_CHANGES, rebase, type Changes } from './model.values.js';

/** Nobody is a latecomer of what ended then. */
const LONG_AGO = 0;

/** What may come of a commit by a visit. `name` is for the session that it may begin. */
export function settle(state: State, id: number, name: string): State[] {
  return changesOf(state.visits[id]!).flatMap((changes) => {
    const next = forkOf(state);
    return settleWith(next, next.visits[id]!, changes, name);
  });
}

function settleWith(state: State, visit: ModelVisit, changes: Changes | undefined, name: string): State[] {
  switch (visit.status) {
    case 'new':
      if (isWorthASession(changes)) create(state, visit, name);
      return [state];
    case 'ended':
      if (isWorthASession(changes)) interrupt(visit);
      return [state];
    case 'starting':
      create(state, visit, name);
      return [state];
    case 'regenerating':
      return replace(state, visit, visit.known!.name, changes ?? NO_CHANGES, name);
    case 'stored':
      if (changes) commit(state, visit, changes);
      else touch(state, visit);
      return [state];
    case 'unused':
    case 'interrupted':
      return [state];
  }
}

function create(state: State, visit: ModelVisit, name: string): void {
  const absolute = state.now + TIMES.absoluteTimeout;
  state.sessions[name] = {
    data: forkOf(visit.view),
    user: visit.login ?? null,
    version: 1,
    lastSeen: state.now,
    expires: endOf(policyOf(visit.view), absolute, state.now),
    absolute,
    isThere: true,
  };
  take(state, visit, name);
}

function commit(state: State, visit: ModelVisit, changes: Changes): void {
  const { name } = visit.known!;
  if (!isAlive(state, name)) return interrupt(visit);
  const session = state.sessions[name]!;
  session.data = rebase(changes, session.data);
  const seen = lastSeenBy(visit, name, session);
  session.version += 1;
  const isOther = changes.operations.some(({ key }) => key === EXPIRY);
  prolongByWrite(state, session, isOther, seen);
  moved(visit, { ...session, name }, isOther, session.data);
  show(visit, session.data);
}

function touch(state: State, visit: ModelVisit): void {
  const known = visit.known!;
  const policy = policyOf(visit.view);
  if (!isDue(known.lastSeen, policy, state.now) || !isAlive(state, known.name)) return;
  const session = state.sessions[known.name]!;
  // Who has committed in between has moved it.
  if (session.version !== known.version) return;
  session.lastSeen = state.now;
  session.expires = endOf(policy, known.absolute, state.now);
  moved(visit, { ...session, name: known.name }, false, visit.view);
}

function replace(state: State, visit: ModelVisit, from: string, changes: Changes, name: string): State[] {
  if (!isAlive(state, from)) {
    return visit.login === undefined
      ? [(interrupt(visit), state)]
      : loginElsewhere(state, visit, from, changes, name);
  }
  const old = state.sessions[from]!;
  const session: ModelSession = { ...forkOf(old), data: rebase(changes, old.data), version: old.version + 1 };
  const isLogin = visit.login !== undefined;
  if (isLogin) {
    session.user = visit.login!;
    session.absolute = state.now + TIMES.absoluteTimeout;
  }
  const isOther = isLogin || changes.operations.some(({ key }) => key === EXPIRY);
  prolongByWrite(state, session, isOther, lastSeenBy(visit, from, old));
  state.sessions[name] = session;
  old.isThere = false;
  (state.deaths[from] ??= []).push({ station: visit.station, at: state.now, heir: name });
  take(state, visit, name);
  return [state];
}

/** The session of a login has ended: it goes on from what the same user has made of it, or begins one of its own. */
function loginElsewhere(
  state: State,
  visit: ModelVisit,
  from: string,
  changes: Changes,
  name: string,
): State[] {
  const heirs = heirsOf(state, visit.station, from).filter(
    (heir) => state.sessions[heir]!.user === visit.login,
  );
  const heir = heirs.find((each) => isAlive(state, each));
  if (heir) return replace(state, visit, heir, changes, name);
  const interrupted = forkOf(state);
  interrupt(interrupted.visits[idOf(state, visit)]!);
  if (visit.known!.user !== null) return [interrupted];
  visit.view = rebase({ ...changes, cleared: 'everything' }, {});
  create(state, visit, name);
  // Who was looking for what came of the session while this login was on its way may find it.
  const found = forkOf(state);
  (found.deaths[from] ??= []).push({ station: visit.station, at: LONG_AGO, heir: name });
  // A logout of the heir may come before or after this login.
  return heirs.length > 0 ? [state, found, interrupted] : [state, found];
}

function idOf(state: State, visit: ModelVisit): number {
  return Number(Object.keys(state.visits).find((id) => state.visits[Number(id)] === visit));
}

export function interrupt(visit: ModelVisit): void {
  visit.status = 'interrupted';
  delete visit.login;
  visit.client = { kind: 'keep' };
}

/** The session of the visit is this one now, and the client is to get its token. */
function take(state: State, visit: ModelVisit, name: string): void {
  const session = state.sessions[name]!;
  visit.status = 'stored';
  delete visit.login;
  visit.known = knownOf(name, session);
  visit.holds = name;
  visit.client = { kind: 'send', name, until: untilOf(session) };
  show(visit, session.data);
}

/** A client whose token stays hears of it when its end has moved. */
function moved(
  visit: ModelVisit,
  session: ModelSession & { name: string },
  isOther: boolean,
  data: Data,
): void {
  const hasMoved = session.expires !== visit.known!.expires && policyOf(data) !== 'browser';
  visit.known = knownOf(session.name, session);
  if ((isOther || hasMoved) && visit.holds) {
    visit.client = { kind: 'send', name: visit.holds, until: untilOf(session) };
  }
}

function untilOf({ data, expires }: ModelSession): number | null {
  return policyOf(data) === 'browser' ? null : expires;
}

type Times = Pick<ModelSession, 'lastSeen' | 'expires'>;

/** A write of the version that was loaded knows nothing of a mere use since: at worst it moves the expiry once more. */
function lastSeenBy({ known }: ModelVisit, name: string, session: ModelSession): Times {
  const { lastSeen, expires } = known?.name === name && known.version === session.version ? known : session;
  return { lastSeen, expires };
}

function prolongByWrite(state: State, session: ModelSession, isOther: boolean, seen: Times): void {
  const policy = policyOf(session.data);
  Object.assign(session, seen);
  if (isOther || isDue(seen.lastSeen, policy, state.now)) {
    session.lastSeen = state.now;
    session.expires = endOf(policy, session.absolute, state.now);
  }
}

export function knownOf(name: string, { user, version, lastSeen, expires, absolute }: ModelSession): Known {
  return { name, user, version, lastSeen, expires, absolute };
}

/** What the visit has is what is stored. */
export function show(visit: ModelVisit, data: Data): void {
  visit.base = forkOf(data);
  visit.view = forkOf(data);
  visit.cleared = 'nothing';
  visit.updates = {};
}
