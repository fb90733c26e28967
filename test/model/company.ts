import { CookieJar } from 'tough-cookie';
import { Browser, type Visit } from '../support/browser.js';
import type { Act, Cookie, Seen, ServiceAct, VisitAct } from './model.acts.js';
import { ModelViolation, type ModelChecker } from './model.checker.js';
import { TIMES } from './model.state.js';
import type { Gate } from './gated.store.js';
import type { Stage } from './stage.js';
import { Station, type News } from './station.js';

/** A request, or something that is done outside of any. */
export interface Actor {
  readonly id: number;
  readonly station: number;
  readonly isVisit: boolean;
  /** `ready`: its handler waits for an act. `busy`: it is at work. `held`: it waits at a gate. */
  phase: 'ready' | 'busy' | 'held' | 'gone';
  isLoaded: boolean;
  open?: { readonly id: number; readonly act: Act };
  /** Where it waits; at several gates when it has asked for several things at once. */
  readonly gates: Gate[];
  /** Whether it has met a conflict, and may have to wait for others that have. */
  isInConflict: boolean;
}

/** Nothing takes so long, in milliseconds. */
const PATIENCE = 20_000;
/** What a retry passes on its way. */
const RETRIED: ReadonlySet<string> = new Set(['load', 'commit', 'commitExclusively', 'replace']);

/** All who are at work on the applications. It lets them act and go on, and tells the model what they do and see. */
export class Company {
  readonly #actors = new Map<number, Actor>();
  /** Every token that a client has ever been given. */
  readonly tokens: string[] = [];
  readonly #echoes = new Map<number, () => void>();
  readonly trace: string[] = [];
  /** How many acts there were. */
  acts = 0;
  #wake: () => void = () => undefined;
  #numbers: number;
  #failure: unknown;

  /** @param numbers What those who act are numbered from. */
  constructor(
    private readonly stages: readonly Stage[],
    private readonly checker: ModelChecker,
    numbers: number,
  ) {
    this.#numbers = numbers;
    stages.forEach((stage) => stage.listen((news) => this.#hear(news)));
  }

  /** What has gone wrong first. */
  get failure(): unknown {
    return this.#failure;
  }

  async arrive(station: number, jar: CookieJar, isForged = false): Promise<Actor> {
    const actor = this.#newActor(station, true);
    const { origin } = this.stages[actor.station]!;
    const browser = new Browser(origin, isForged ? forgery(jar, origin) : jar);
    const token = browser.cookie();
    this.checker.arrive(actor.id, actor.station, token ? { id: idOf(token), isForged } : null);
    this.#log(
      actor,
      `comes with ${isForged ? 'a forgery of ' : ''}${token ? idOf(token).slice(0, 6) : 'no token'}`,
    );
    browser.post('/program', { headers: Station.headers(actor.id) }).then(
      (visit) => this.#answered(actor, visit),
      (error: unknown) => this.fail(error),
    );
    await this.#settle();
    return actor;
  }

  #newActor(station: number, isVisit: boolean): Actor {
    const actor: Actor = {
      id: ++this.#numbers,
      station: station % this.stages.length,
      isVisit,
      phase: 'busy',
      isLoaded: false,
      gates: [],
      isInConflict: false,
    };
    this.#actors.set(actor.id, actor);
    return actor;
  }

  async act(actor: Actor, act: VisitAct): Promise<void> {
    actor.isLoaded ||= act.do !== 'end';
    this.#begin(actor, act);
    this.stages[actor.station]!.send({ kind: 'act', actor: actor.id, act });
    await this.#settle();
  }

  async serve(station: number, act: ServiceAct): Promise<void> {
    const actor = this.#newActor(station, false);
    this.#begin(actor, act);
    this.stages[actor.station]!.send({ kind: 'serve', actor: actor.id, act });
    await this.#settle();
  }

  #begin(actor: Actor, act: Act): void {
    actor.phase = 'busy';
    actor.open = { id: ++this.#numbers, act };
    this.acts += 1;
    this.#log(actor, JSON.stringify(act));
    this.checker.begin({ ...actor.open, station: actor.station, ...(actor.isVisit && { visit: actor.id }) });
  }

  async go(held: readonly Actor[]): Promise<void> {
    for (const actor of held) {
      const { when, verb, outcome } = actor.gates.shift()!;
      this.#log(actor, `  ${when} ${verb}${outcome ? `: ${outcome}` : ''}`);
      if (outcome === 'conflict') actor.isInConflict = true;
      actor.phase = actor.gates.length > 0 ? 'held' : 'busy';
      this.stages[actor.station]!.send({ kind: 'go', actor: actor.id });
    }
    await this.#settle();
  }

  /** Waits until everybody is ready, held, gone, or waits for somebody who is held. */
  async #settle(): Promise<void> {
    for (;;) {
      const news = new Promise<void>((resolve) => (this.#wake = resolve));
      await this.#echo();
      if (this.#failure) throw this.#failure;
      const busy = [...this.#actors.values()].filter(({ phase }) => phase === 'busy');
      if (busy.every((actor) => this.#mayHaveToWait(actor))) return;
      await inTime(news, () => `Request ${busy.map(({ id }) => id).join(', ')} hangs.`);
    }
  }

  /** Retries of one session wait for each other within a process. */
  #mayHaveToWait(actor: Actor): boolean {
    return (
      actor.isInConflict && this.held().some((other) => other.station === actor.station && other.isInConflict)
    );
  }

  async #echo(): Promise<void> {
    const busy = new Set([...this.#actors.values()].map(({ station }) => station));
    await Promise.all([...busy].map((station) => this.#echoOf(this.stages[station]!)));
  }

  #echoOf(stage: Stage): Promise<void> {
    const number = ++this.#numbers;
    const echo = new Promise<void>((resolve) => void this.#echoes.set(number, resolve));
    stage.send({ kind: 'echo', number });
    return inTime(echo, () => 'A station does not answer.');
  }

  #hear(news: News): void {
    if (news.kind === 'echo') {
      this.#echoes.get(news.number)?.();
      this.#echoes.delete(news.number);
      return;
    }
    const actor = this.#actors.get(news.actor);
    if (!actor) return;
    switch (news.kind) {
      case 'arrived':
        actor.phase = 'ready';
        break;
      case 'waiting':
        actor.phase = 'held';
        actor.gates.push(news.gate);
        if (!RETRIED.has(news.gate.verb)) actor.isInConflict = false;
        break;
      case 'done':
        this.#done(actor, news.seen);
        if (actor.isVisit) actor.phase = 'ready';
        else this.#leave(actor);
    }
    this.#wake();
  }

  #answered(actor: Actor, visit: Visit): void {
    for (const cookie of visit.setCookies) {
      const token = /^sessionid=([^;]+)/.exec(cookie)?.[1];
      if (token && !this.tokens.includes(token)) this.tokens.push(token);
    }
    this.#done(actor, { status: visit.status, cookie: cookieOf(visit) });
    this.#leave(actor);
    this.#wake();
  }

  #done(actor: Actor, seen: Seen): void {
    const { id } = actor.open!;
    delete actor.open;
    actor.isInConflict = false;
    this.#log(actor, `  -> ${JSON.stringify(seen)}`);
    if (this.#failure) return;
    try {
      this.checker.end(id, seen);
    } catch (error) {
      this.fail(error);
    }
  }

  #leave(actor: Actor): void {
    actor.phase = 'gone';
    this.#actors.delete(actor.id);
  }

  /** The first of what goes wrong is what the program ends with. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  async letThrough(actor: Actor): Promise<void> {
    while (actor.phase === 'held') await this.go([actor]);
  }

  /** Lets everybody go on until nobody is held. */
  async drain(): Promise<void> {
    for (let held = this.held(); held.length > 0; held = this.held()) await this.go([held[0]!]);
  }

  /** Leaves nobody behind, whatever has happened. */
  async clear(): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (this.#actors.size > 0 && Date.now() < deadline) {
      for (const actor of this.#actors.values()) {
        const stage = this.stages[actor.station]!;
        const act = { do: 'end', status: 500 } as const;
        if (actor.phase === 'ready') {
          actor.open = { id: ++this.#numbers, act };
          stage.send({ kind: 'act', actor: actor.id, act });
        }
        for (const _ of actor.gates.splice(0)) stage.send({ kind: 'go', actor: actor.id });
        actor.phase = 'busy';
      }
      await this.#echo();
    }
  }

  async setClock(now: number): Promise<void> {
    this.checker.setClock(now);
    this.trace.push(`the clock is at ${(now % (1000 * TIMES.idleTimeout)) / 1000} s`);
    for (const stage of this.stages) {
      stage.send({ kind: 'clock', now });
      await this.#echoOf(stage);
    }
  }

  visits(): Actor[] {
    return [...this.#actors.values()].filter(({ isVisit }) => isVisit);
  }

  held(): Actor[] {
    return [...this.#actors.values()].filter(({ phase }) => phase === 'held');
  }

  #log({ id, station, isVisit }: Actor, what: string): void {
    this.trace.push(`${isVisit ? 'request' : 'service'} ${id} at ${station} ${what}`);
  }
}

/** Of a session's token. */
export function idOf(token: string): string {
  return token.split('.')[0]!;
}

/** A browser with the id that this one has, and another secret. */
function forgery(jar: CookieJar, origin: string): CookieJar {
  const forged = new CookieJar();
  const token = new Browser(origin, jar).cookie();
  if (token) forged.setCookieSync(`sessionid=${idOf(token)}.${'A'.repeat(43)}`, origin);
  return forged;
}

function cookieOf({ setCookies }: Visit): Cookie {
  if (setCookies.length > 1)
    throw new ModelViolation(`two cookies in one response: ${setCookies.join(' | ')}`);
  const [cookie] = setCookies;
  if (cookie === undefined) return { kind: 'none' };
  const token = /^sessionid=([^;]*)/.exec(cookie)?.[1];
  const maxAge = /Max-Age=(\d+)/.exec(cookie)?.[1];
  return token
    ? { kind: 'send', id: idOf(token), maxAge: maxAge ? Number(maxAge) : null }
    : { kind: 'clear' };
}

/** A program that waits for ever is one that fails. */
async function inTime<T>(what: Promise<T>, complaint: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ModelViolation(complaint())), PATIENCE);
  });
  try {
    return await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
}
