import { interruption } from '../support/interruption.js';
import type { Place } from '../support/place.js';
import { Burst } from './burst.js';
import { Client } from './client.js';
import type { SoakStore } from './soak.stores.js';
import { SoakedApp, type Happenings } from './soaked.app.js';
import { Tally } from './tally.js';
import { Visitor } from './visitor.js';

/** How long a soak takes, and how dense it is. */
export interface Plan {
  readonly rounds: number;
  /** In each round. */
  readonly requests: number;
  /** In requests a second. */
  readonly rate: number;
  /** Of sessions without use, in seconds. */
  readonly lifetime: number;
}

const VISITORS = 8;

/** One store, and the process of an application on it, under traffic that is the same all the time. */
export class SoakRun {
  readonly tally = new Tally();
  happened: Happenings = {};

  constructor(
    private readonly store: SoakStore,
    private readonly number: number,
    private readonly plan: Plan,
  ) {}

  get name(): string {
    return this.store.name;
  }

  /** Whatever happens is in the tally, and nothing is left of it. */
  async run(): Promise<void> {
    try {
      const { place, drop } = await this.store.make();
      try {
        await this.#soak(place);
      } finally {
        await drop();
      }
    } catch (error) {
      if (!interruption.aborted) this.tally.complain(String(error));
    }
  }

  async #soak(place: Place): Promise<void> {
    const app = new SoakedApp(place, this.number);
    // So that nobody waits for it any more.
    const kill = () => void app.kill();
    interruption.addEventListener('abort', kill);
    try {
      await app.start(this.plan.lifetime);
      await this.#visit(app);
      const failure = interruption.aborted ? undefined : await app.close();
      if (failure !== undefined) this.tally.complain(`the process ${failure}`);
    } finally {
      interruption.removeEventListener('abort', kill);
      await app.kill();
    }
  }

  async #visit(app: SoakedApp): Promise<void> {
    const { tally, name } = this;
    const { rounds, requests, rate } = this.plan;
    const client = new Client(app.origin!);
    const visitors = Array.from(
      { length: VISITORS },
      (_, index) => new Visitor(`${name}-${index}`, client, tally),
    );
    for (let round = 0; round < rounds && !interruption.aborted; round++) {
      const burst = new Burst(requests, rate);
      await Promise.all(visitors.map((visitor) => visitor.visit(burst)));
      client.close();
      tally.endRound(await app.read());
      this.happened = app.happened;
    }
  }
}
