import type { Act, LocalAct, VisitAct } from './model.acts.js';
import { forkOf, heirsOf, isAlive, nameOf, TIMES, type ModelVisit, type State } from './model.state.js';
import { interrupt, knownOf, settle, show } from './model.settlement.js';
import { applyLocally } from './model.values.js';

/** An act between its begin and its end. */
export interface OpenAct {
  readonly id: number;
  readonly station: number;
  /** Whose it is; `undefined`: nobody's request. */
  readonly visit?: number;
  readonly act: Act;
}

const INTERRUPTED = 'SessionInterruptedError';

/** What may come of an act when it takes effect now. */
export function effectsOf(state: State, open: OpenAct, others: readonly OpenAct[]): State[] {
  const { act, visit: id } = open;
  const done = (next: State, outcome: { error?: string; value?: unknown } = {}) => {
    next.open[open.id] = outcome;
    return next;
  };
  switch (act.do) {
    case 'load':
      return loads(state, open, others).map((next) => done(next));
    case 'end':
      return (act.status < 500 ? settle(state, id!, `s${open.id}`) : [forkOf(state)]).map((next) =>
        done(next),
      );
    case 'save':
      return settle(state, id!, `s${open.id}`).map((next) =>
        done(next, next.visits[id!]!.status === 'interrupted' ? { error: INTERRUPTED } : {}),
      );
  }
  const next = forkOf(state);
  const visit = next.visits[id!]!;
  switch (act.do) {
    case 'reload':
      return [done(next, reload(next, visit) ? {} : { error: INTERRUPTED })];
    case 'flush':
    case 'logout':
      flush(next, visit);
      return [done(next)];
    case 'login':
      login(next, visit, act.user);
      return [done(next)];
    case 'revoke': {
      const name = nameOf(next, act.id);
      const value = name !== undefined && isAlive(next, name);
      if (value) next.sessions[name]!.isThere = false;
      return [done(next, { value })];
    }
    case 'revokeAll': {
      const names = ofUser(next, act.user).filter((name) => next.ids[name] !== (act.except ?? null));
      for (const name of names) next.sessions[name]!.isThere = false;
      return [done(next, { value: names.length })];
    }
    case 'list':
      return [done(next, { value: ofUser(next, act.user) })];
    case 'sweep':
      return [done(next)];
    default: {
      if (act.do === 'regenerate' && visit.status === 'stored') visit.status = 'regenerating';
      return [done(next, { value: applyLocally(visit, act as LocalAct) })];
    }
  }
}

function ofUser(state: State, user: string): string[] {
  return Object.keys(state.sessions).filter(
    (name) => isAlive(state, name) && state.sessions[name]!.user === user,
  );
}

/** The first use of a session by a request, which finds one for its token, or none. */
function loads(state: State, { station, visit: id }: OpenAct, others: readonly OpenAct[]): State[] {
  const { presented } = state.visits[id!]!;
  const name = presented ? nameOf(state, presented.id) : undefined;
  const as = (change: (visit: ModelVisit) => void) => {
    const next = forkOf(state);
    change(next.visits[id!]!);
    return next;
  };
  if (!presented) return [as((visit) => void (visit.status = 'new'))];
  const stale = () =>
    as((visit) => {
      visit.status = 'new';
      visit.client = { kind: 'clear', because: 'stale' };
    });
  if (name !== undefined && isAlive(state, name)) {
    if (presented.isForged) return [stale()];
    return [
      as((visit) => {
        visit.status = 'stored';
        visit.known = knownOf(name, state.sessions[name]!);
        visit.holds = name;
        show(visit, state.sessions[name]!.data);
      }),
    ];
  }
  const ended = () => as((visit) => Object.assign(visit, { status: 'ended', ended: name }));
  if (name !== undefined && hasJustEnded(state, station, name)) return [ended()];
  // Whether what is ending it at this moment has, nobody can say.
  return name !== undefined && isBeingEnded(state, station, name, others) ? [stale(), ended()] : [stale()];
}

function hasJustEnded(state: State, station: number, name: string): boolean {
  return (state.deaths[name] ?? []).some(
    (death) => death.station === station && death.at + TIMES.renewGrace > state.now,
  );
}

/** Whether an act that has not taken effect yet may end the session. */
export function isBeingEnded(
  state: State,
  station: number,
  name: string,
  others: readonly OpenAct[],
): boolean {
  return others.some((other) => {
    if (other.station !== station || other.visit === undefined) return false;
    const visit = state.visits[other.visit]!;
    const meant = visit.known ?? { name: visit.ended };
    return (
      ENDING.has(other.act.do as VisitAct['do']) &&
      meant.name !== undefined &&
      [meant.name, ...heirsOf(state, station, meant.name)].includes(name)
    );
  });
}

const ENDING: ReadonlySet<VisitAct['do']> = new Set(['flush', 'logout', 'save', 'end']);

/** Ends the session at once, and what others have made of it. What comes after is a new one. */
function flush(state: State, visit: ModelVisit): void {
  const { known, ended, station, presented } = visit;
  const meant = known?.name ?? (presented?.isForged ? undefined : ended);
  const heirs = meant === undefined ? [] : heirsOf(state, station, meant);
  for (const name of [...(known ? [known.name] : []), ...heirs]) {
    state.sessions[name]!.isThere = false;
    (state.deaths[name] ??= []).push({ station, at: state.now });
  }
  const hasToken = visit.status !== 'new' && visit.status !== 'starting';
  visit.client =
    hasToken || visit.client.kind === 'clear' ? { kind: 'clear', because: 'flushed' } : { kind: 'keep' };
  forget(visit);
  visit.status = 'new';
}

function forget(visit: ModelVisit): void {
  delete visit.holds;
  delete visit.known;
  delete visit.login;
  show(visit, {});
}

function login(state: State, visit: ModelVisit, user: string): void {
  const heir =
    visit.status === 'ended' && !visit.presented?.isForged
      ? heirsOf(state, visit.station, visit.ended!).find(
          (name) => isAlive(state, name) && state.sessions[name]!.user === user,
        )
      : undefined;
  if (heir) {
    visit.known = knownOf(heir, state.sessions[heir]!);
    show(visit, state.sessions[heir]!.data);
  } else if (visit.status === 'interrupted') {
    delete visit.known;
  }
  const present = visit.login ?? visit.known?.user ?? user;
  if (visit.status === 'interrupted' || present !== user) {
    visit.view = {};
    visit.updates = {};
    visit.cleared = 'everything';
  }
  visit.login = user;
  visit.status = visit.known ? 'regenerating' : 'starting';
}

/** Whether there was something to load, or nothing to be loaded. */
function reload(state: State, visit: ModelVisit): boolean {
  const { known, status } = visit;
  if (!known) {
    show(visit, {});
    delete visit.login;
    if (status === 'starting') visit.status = 'new';
    return true;
  }
  if (!isAlive(state, known.name)) {
    interrupt(visit);
    return false;
  }
  const session = state.sessions[known.name]!;
  delete visit.login;
  visit.status = 'stored';
  visit.known = knownOf(known.name, session);
  show(visit, session.data);
  return true;
}
