import { CookieJar } from 'tough-cookie';
import { Company, idOf, type Actor } from './company.js';
import type { EndAct, ServiceAct, VisitAct } from './model.acts.js';
import { ModelChecker } from './model.checker.js';
import type { Program, ServiceStep, Step } from './program.js';
import type { Stage } from './stage.js';

const KEYS = ['a', 'b', 'n', 'm', 'list'] as const;
const EXPIRIES = [600, 7200, 'browser', 'date', null] as const;
const USERS = 3;
const MOST_VISITS = 4;

/** Runs one program on applications that share a store, and has the model look on. */
export class Director {
  readonly #browsers: readonly CookieJar[] = [new CookieJar(), new CookieJar()];
  readonly #company: Company;
  #values = 0;
  #now: number;

  constructor(
    private readonly stages: readonly Stage[],
    private readonly run: number,
    now: number,
    /** Whether the store finds the sessions of a user. */
    private readonly canList = true,
  ) {
    this.#now = now;
    // What a program has left behind that failed must not be taken for this one's.
    this.#company = new Company(stages, new ModelChecker(now), run * 100_000);
  }

  /** The time at the end of the program. */
  get now(): number {
    return this.#now;
  }

  /** What has happened, line by line. */
  get trace(): readonly string[] {
    return this.#company.trace;
  }

  /** How many acts there were. */
  get acts(): number {
    return this.#company.acts;
  }

  async play({ begin, acts, steps }: Program): Promise<void> {
    const company = this.#company;
    try {
      await this.#setClock(this.#now);
      if (begin !== 'nothing') await this.#prepare(begin === 'logged in');
      for (const step of steps) await this.#take(step, acts);
      await this.#finish();
      await this.#review();
    } catch (error) {
      company.fail(error);
    } finally {
      await company.clear();
    }
    if (company.failure) throw company.failure;
  }

  /** Gives the first browser a session. */
  async #prepare(isLoggedIn: boolean): Promise<void> {
    const actor = await this.#company.arrive(0, this.#browsers[0]!);
    await this.#company.act(actor, { do: 'load' });
    await this.#company.act(actor, { do: 'patch', values: { a: this.#value(), n: this.#value() } });
    if (isLoggedIn) await this.#company.act(actor, { do: 'login', user: this.#user(0) });
    await this.#company.act(actor, { do: 'end', status: 200 });
    await this.#company.drain();
  }

  async #take(step: Step, acts: Program['acts']): Promise<void> {
    switch (step.kind) {
      case 'arrive':
        if (this.#company.visits().length < MOST_VISITS) {
          await this.#company.arrive(step.station, this.#browsers[step.browser]!, step.isForged);
        }
        return;
      case 'act':
      case 'end': {
        const ready = this.#company.visits().filter(({ phase }) => phase === 'ready');
        const actor = pick(ready, step.visit);
        if (!actor) return;
        await this.#company.act(actor, step.kind === 'end' ? endOf(step) : this.#actOf(actor, step, acts));
        return step.isHeld ? undefined : this.#company.letThrough(actor);
      }
      case 'go': {
        const actor = pick(this.#company.held(), step.held);
        if (!actor) return;
        await this.#company.go([actor]);
        return step.isHeld ? undefined : this.#company.letThrough(actor);
      }
      case 'rush':
        return this.#company.go(this.#company.held());
      case 'serve': {
        const act = this.#serviceOf(step.act);
        if (act) await this.#company.serve(step.station, act);
        return;
      }
      case 'wait':
        await this.#company.drain();
        await this.#setClock(this.#now + step.seconds * 1000);
    }
  }

  #actOf(actor: Actor, step: Extract<Step, { kind: 'act' }>, acts: Program['acts']): VisitAct {
    if (!actor.isLoaded) return { do: 'load' };
    const act = pick(acts, step.act)!;
    const key = pick(KEYS, step.key)!;
    switch (act) {
      case 'login':
        return { do: act, user: this.#user(step.key) };
      case 'expire': {
        const after = pick(EXPIRIES, step.key)!;
        return { do: act, after: after === 'date' ? { at: this.#now + 5_000_000 } : after };
      }
      case 'set':
      case 'push':
        return { do: act, key, value: this.#value() };
      case 'leave':
        return { do: act, key: 'hint', value: this.#value() };
      case 'take':
        return { do: act, key: 'hint' };
      case 'patch':
        return { do: act, values: { [key]: this.#value(), [pick(KEYS, step.key + 1)!]: this.#value() } };
      case 'count':
      case 'delete':
      case 'rewrite':
        return { do: act, key };
      default:
        return { do: act };
    }
  }

  #serviceOf(step: ServiceStep): ServiceAct | undefined {
    switch (step.do) {
      case 'revoke': {
        const token = pick(this.#company.tokens, step.id);
        return token === undefined ? undefined : { do: 'revoke', id: idOf(token) };
      }
      case 'revokeAll': {
        if (!this.canList) return undefined;
        const except = step.except === null ? undefined : pick(this.#company.tokens, step.except);
        return { do: 'revokeAll', user: this.#user(step.user), ...(except && { except: idOf(except) }) };
      }
      case 'sweep':
        return step;
    }
  }

  /** One that no other program has. */
  #user(number: number): string {
    return `user ${number % USERS} of ${this.run}`;
  }

  /** One that nobody else sets, and that counting does not come to. */
  #value(): number {
    return ++this.#values * 1000;
  }

  async #finish(): Promise<void> {
    await this.#company.drain();
    for (const actor of this.#company.visits()) {
      await this.#company.act(actor, { do: 'end', status: 200 });
      await this.#company.drain();
    }
  }

  /** Looks with every token that there has been, at one station after the other, and who is logged in. */
  async #review(): Promise<void> {
    for (const [station, token] of this.#company.tokens.entries()) {
      const jar = new CookieJar();
      jar.setCookieSync(`sessionid=${token}`, this.stages[station % this.stages.length]!.origin);
      const actor = await this.#company.arrive(station, jar);
      await this.#company.act(actor, { do: 'load' });
      await this.#company.drain();
      await this.#company.act(actor, { do: 'end', status: 500 });
      await this.#company.drain();
    }
    for (let user = 0; this.canList && user < USERS; user++) {
      await this.#company.serve(user, { do: 'list', user: this.#user(user) });
      await this.#company.drain();
    }
  }

  async #setClock(now: number): Promise<void> {
    this.#now = now;
    await this.#company.setClock(now);
  }
}

function endOf({ status }: { readonly status: EndAct['status'] }): EndAct {
  return { do: 'end', status };
}

function pick<T>(from: readonly T[], number: number): T | undefined {
  return from[number % from.length];
}
