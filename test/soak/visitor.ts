import { random } from '../support/chance.js';
import { actsOf, type Act } from './acts.js';
import type { Burst } from './burst.js';
import type { Answer, Client, Question } from './client.js';
import type { Tally } from './tally.js';

/** How often a visitor leaves a session to itself, for it to expire. */
const FORGETFULNESS = 0.02;

/** Somebody who does now this and now that, in one session after the other. */
export class Visitor {
  #token = '';
  readonly #acts: readonly Act[];
  readonly #weight: number;

  constructor(
    name: string,
    private readonly client: Client,
    private readonly tally: Tally,
  ) {
    this.#acts = actsOf(name);
    this.#weight = this.#acts.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** @throws when a question is not answered, which nothing excuses. */
  async visit(burst: Burst): Promise<void> {
    for (;;) {
      const act = this.#choose();
      if (!(await burst.turn(act.questions.length))) return;
      if (random() < FORGETFULNESS) this.#token = '';
      await Promise.all(act.questions.map((question) => this.#ask(question, act)));
    }
  }

  #choose(): Act {
    let chance = random() * this.#weight;
    return this.#acts.find(({ weight }) => (chance -= weight) < 0)!;
  }

  async #ask(asked: Question, act: Act): Promise<void> {
    const question = { ...asked, token: act.token?.() ?? this.#token };
    this.tally.requests += 1;
    try {
      if (act.hangUp) await this.client.hangUp(question, act.hangUp);
      else this.#hear(await this.client.ask(question), question, act);
    } catch (error) {
      throw new Error(`${question.path} was not answered: ${String(error)}`, { cause: error });
    }
  }

  #hear({ status, token, latency }: Answer, { path }: Question, act: Act): void {
    this.tally.latencies.push(latency);
    if (status !== act.status) this.tally.complain(`${path}: ${status} instead of ${act.status}`);
    if (!act.token) this.#token = token ?? this.#token;
  }
}
