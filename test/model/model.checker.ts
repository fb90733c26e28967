import { isDeepStrictEqual } from 'node:util';
import type { Cookie, Seen, View } from './model.acts.js';
import { effectsOf, isBeingEnded, type OpenAct } from './model.effects.js';
import {
  emptyState,
  endOf,
  FLASH,
  EXPIRY,
  forkOf,
  policyOf,
  TIMES,
  type ModelVisit,
  type State,
} from './model.state.js';

/** Something that the model does not allow. */
export class ModelViolation extends Error {}

/** What a state leads one to expect of an act, and the state if it is so. */
interface Expectation {
  readonly expected: Seen;
  readonly state: State | undefined;
}

/**
 * Follows a program through the model. An act takes effect at one moment between its begin and its end, nobody knows
 * which: hence all states are kept that may be, and what is seen at the end of an act rules some out. When none is
 * left, something was seen that must not be.
 */
export class ModelChecker {
  #states: State[];
  readonly #open = new Map<number, OpenAct>();

  constructor(now: number) {
    this.#states = [emptyState(now)];
  }

  /** How many states may be. */
  get size(): number {
    return this.#states.length;
  }

  arrive(id: number, station: number, presented: ModelVisit['presented']): void {
    for (const state of this.#states) {
      state.visits[id] = {
        station,
        presented,
        status: 'unused',
        base: {},
        view: {},
        cleared: 'nothing',
        updates: {},
        client: { kind: 'keep' },
      };
    }
  }

  /** Only while no act is open. */
  setClock(now: number): void {
    for (const state of this.#states) state.now = now;
  }

  begin(open: OpenAct): void {
    this.#open.set(open.id, open);
    for (const state of this.#states) state.open[open.id] = 'waiting';
  }

  /** @throws ModelViolation when this cannot be. */
  end(id: number, seen: Seen): void {
    const open = this.#open.get(id)!;
    const candidates = this.#after(open);
    const expectations = candidates.flatMap((state) => this.#expect(state, open, seen));
    const left = expectations.flatMap(({ state }) => (state ? [state] : []));
    if (left.length === 0) {
      const allowed = new Set(expectations.map(({ expected }) => JSON.stringify(expected)));
      throw new ModelViolation(
        `seen:    ${JSON.stringify(seen)}\n${[...allowed].map((each) => `allowed: ${each}`).join('\n')}`,
      );
    }
    for (const state of left) {
      delete state.open[id];
      if (open.act.do === 'end') delete state.visits[open.visit!];
    }
    this.#open.delete(id);
    this.#states = distinct(left);
  }

  /** Every state that may be, now that the act has taken effect: after some of the others, or before them. */
  #after(open: OpenAct): State[] {
    const before = new Map<string, State>();
    const after: State[] = [];
    const add = (state: State): void => {
      if (state.open[open.id] !== 'waiting') return void after.push(state);
      const key = JSON.stringify(state);
      if (before.has(key)) return;
      before.set(key, state);
      for (const other of isLocal(open) ? [open] : this.#waiting(state)) {
        effectsOf(state, other, this.#waiting(state)).forEach(add);
      }
    };
    this.#states.forEach(add);
    return after;
  }

  #waiting(state: State): OpenAct[] {
    return [...this.#open.values()].filter(({ id }) => state.open[id] === 'waiting');
  }

  #expect(state: State, open: OpenAct, seen: Seen): Expectation[] {
    if (open.act.do === 'end') return this.#answers(state, open, seen);
    const outcome = state.open[open.id] as Pick<Seen, 'error' | 'value'>;
    const visit = open.visit === undefined ? undefined : state.visits[open.visit]!;
    const next = forkOf(state);
    const view = visit && viewOf(next, visit, seen.view);
    if (open.act.do === 'list') {
      const ids = (outcome.value as string[]).map((name) => next.ids[name] ?? name);
      return [fits({ value: ids.toSorted() }, seen, next)];
    }
    if (open.act.do === 'sweep') return [{ expected: {}, state: next }];
    return [fits({ ...outcome, ...(view && { view }) }, seen, next)];
  }

  #answers(state: State, { act, visit: id, station }: OpenAct, seen: Seen): Expectation[] {
    const visit = state.visits[id!]!;
    const { status } = act as { status: number };
    const { client } = visit;
    const none: Cookie = { kind: 'none' };
    let cookies: Cookie[] = [none];
    if (client.kind === 'clear' && (client.because === 'flushed' || status < 500)) {
      cookies = [{ kind: 'clear' }];
    } else if (client.kind === 'send') {
      const { name, until } = client;
      const isDead = (state.deaths[name] ?? []).some((death) => death.station === station);
      const isDying = isBeingEnded(state, station, name, this.#waiting(state));
      const next = forkOf(state);
      const sent: Cookie = {
        kind: 'send',
        id: bind(next, name, seen.cookie?.kind === 'send' ? seen.cookie.id : undefined) ?? name,
        maxAge: until === null ? null : Math.max(0, Math.ceil((until - state.now) / 1000)),
      };
      const unsent = isDead || isDying ? [fits({ status, cookie: none }, seen, forkOf(state))] : [];
      return isDead ? unsent : [fits({ status, cookie: sent }, seen, next), ...unsent];
    }
    return cookies.map((cookie) => fits({ status, cookie }, seen, forkOf(state)));
  }
}

/** Whether the act asks nothing of the store, so that it does not matter whether others come before it. */
function isLocal({ act }: OpenAct): boolean {
  return !ASKING.has(act.do);
}

const ASKING: ReadonlySet<string> = new Set([
  'load',
  'save',
  'reload',
  'flush',
  'logout',
  'login',
  'end',
  'revoke',
  'revokeAll',
  'list',
  'sweep',
]);

function fits(expected: Seen, seen: Seen, state: State): Expectation {
  const plain = forkOf(expected);
  return { expected: plain, state: isDeepStrictEqual(plain, forkOf(seen)) ? state : undefined };
}

/** How the session looks to the handler of the visit. Ids that were not known before are taken from what was seen. */
function viewOf(state: State, visit: ModelVisit, seen: View | undefined): View {
  const { known, login, view } = visit;
  const id = known ? (bind(state, known.name, seen?.id ?? undefined) ?? known.name) : null;
  const data = Object.entries(view).filter(([key]) => key !== EXPIRY && !key.startsWith(FLASH));
  const absolute = known?.absolute ?? state.now + TIMES.absoluteTimeout;
  const end = endOf(policyOf(view), absolute, state.now);
  return {
    id,
    user: login ?? known?.user ?? null,
    data: Object.fromEntries(data),
    age: Math.max(0, Math.floor((end - state.now) / 1000)),
  };
}

/** The real id of a session: the one that is known, or else this one, unless it is another session's. */
function bind(state: State, name: string, id: string | undefined): string | undefined {
  if (state.ids[name] === undefined && id !== undefined && !Object.values(state.ids).includes(id)) {
    state.ids[name] = id;
  }
  return state.ids[name];
}

function distinct(states: readonly State[]): State[] {
  return [...new Map(states.map((state) => [JSON.stringify(state), state])).values()];
}
