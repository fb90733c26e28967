import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { between, oneOf, random } from '../support/chance.js';
import { interruption } from '../support/interruption.js';
import { Arena } from './arena.js';
import type { Ground, GroundKind } from './grounds.js';
import { DEADLINE, LIFETIME } from './limits.js';
import { Tally } from './tally.js';
import { TorturedApp } from './tortured.app.js';
import { Visitor, type DeadToken } from './visitor.js';

const VISITORS = 8;

/** One store under traffic and under all the bad that can happen to it and to the processes that use it. */
export class Ordeal {
  readonly tally = new Tally();
  readonly #arena: Arena;
  readonly #visitors: readonly Visitor[];
  readonly #dead: DeadToken[] = [];
  /** By how much all clocks are off. */
  #leapt = 0;
  /** What is being done to the store and to the processes. */
  #troubles: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #lingerers = 0;

  private constructor(
    private readonly kind: GroundKind,
    private readonly ground: Ground,
  ) {
    const apps = Array.from({ length: kind.processes }, (_, index) => new TorturedApp(ground.place, index));
    this.#arena = new Arena(apps, this.tally);
    this.#visitors = Array.from(
      { length: VISITORS },
      (_, index) => new Visitor(`visitor${index}`, this.#arena, this.#dead, kind.canList),
    );
  }

  static async begin(kind: GroundKind): Promise<Ordeal> {
    return new Ordeal(kind, await kind.make());
  }

  /**
   * All of it, or until this process is told to end.
   * @param duration In milliseconds.
   */
  async endure(duration: number): Promise<void> {
    const kill = () => Promise.all(this.#arena.apps.map((app) => app.kill()));
    try {
      if (!interruption.aborted) await Promise.race([this.#endure(duration), once(interruption, 'abort')]);
    } finally {
      this.#isOver = true;
      this.#arena.isOver = true;
      // Nobody waits for an answer now, and whoever was about to start something again has done so before it is removed.
      await kill();
      await this.#troubles;
      await kill();
      await this.ground.remove();
    }
  }

  async #endure(duration: number): Promise<void> {
    const { apps } = this.#arena;
    await Promise.all(apps.map((app) => app.start(0)));
    const visits = this.#visitors.map((visitor) => visitor.visit());
    const end = pause(duration).then(() => (this.#isOver = true));
    const troubles = [this.#troubleStore(), this.#troubleApps()];
    this.#troubles = Promise.allSettled(troubles);
    await Promise.race([Promise.all([...troubles, end]), Promise.all(visits)]);
    await this.#recover();
    this.#arena.isOver = true;
    await Promise.all(visits);
    await this.#review();
    await this.#close();
  }

  async #troubleStore(): Promise<void> {
    while (!this.#isOver) {
      const fault = oneOf(this.ground.faults);
      this.tally.fault(fault.kind);
      await this.#arena.trouble(fault.run);
      await rest(500, 4_000);
    }
  }

  async #troubleApps(): Promise<void> {
    while (!this.#isOver) {
      await rest(1_000, 4_000);
      const app = oneOf(this.#arena.apps);
      const chance = random();
      if (chance < 0.3) await this.#kill(app);
      else if (chance < 0.7) await this.#terminate(app);
      else if (chance < 0.95) await this.#skew(app);
      else await this.#leap();
    }
  }

  async #kill(app: TorturedApp): Promise<void> {
    this.tally.fault('application killed');
    await app.kill();
    await this.#restart(app);
  }

  async #skew(app: TorturedApp): Promise<void> {
    this.tally.fault('clock skewed');
    await app.skew(this.#leapt + between(-20_000, 20_000));
  }

  /** All clocks go so far forward that every session expires. */
  async #leap(): Promise<void> {
    this.tally.fault('clocks leapt');
    await this.#arena.inPeace(async () => {
      this.#leapt += 2 * LIFETIME;
      await Promise.all(this.#arena.apps.map((app) => app.skew(this.#leapt)));
      this.#visitors.forEach((visitor) => visitor.forgetAll());
    });
  }

  /** Asks a process to end while it is handling requests, which are to be finished. */
  async #terminate(app: TorturedApp): Promise<void> {
    this.tally.fault('application terminated');
    const user = `lingerer${++this.#lingerers}`;
    const entered = await this.#arena.ask(`/enter?user=${user}`);
    const token = entered.kind === 'done' ? entered.answer.token : undefined;
    const places = [1, 2, 3].map((number) => `${user}-${number}`);
    const lingering = places.map((place) => app.lingers(place));
    const asked = places.map((place) => this.#arena.ask(`/linger?at=${place}`, token, app));
    // One that the store fails has its answer; the others linger.
    await Promise.all(places.map((_, index) => Promise.race([lingering[index], asked[index]])));
    const wasTroubled = this.#arena.isTroubled;
    const hasEnded = await app.terminate(() => places.forEach((place) => app.go(place)));
    const done = (await Promise.all(asked)).filter((attempt) => attempt.kind === 'done').length;
    if (!hasEnded)
      this.tally.complain('hung', `process ${app.number} has not ended within ${DEADLINE / 1000} s`);
    this.tally.finishedAtShutdown += done;
    if (done < places.length && !wasTroubled && !this.#arena.isTroubled) {
      this.tally.complain('wrong', `the end of a process has cut off ${places.length - done} requests`);
    }
    await this.#restart(app);
  }

  /** One that the trouble of its store has ended at its start is started again, as whoever runs it would do. */
  async #restart(app: TorturedApp): Promise<void> {
    while (!interruption.aborted) {
      try {
        return await app.start(this.#leapt);
      } catch (error) {
        if (!this.#arena.isTroubled) throw error;
      }
    }
  }

  /** Waits until all is as before. */
  async #recover(): Promise<void> {
    for (const app of this.#arena.apps) {
      await app.skew(this.#leapt);
      const deadline = performance.now() + 2 * DEADLINE;
      while ((await this.#arena.ask('/read', undefined, app)).kind === 'unknown') {
        if (performance.now() > deadline) return this.tally.complain('hung', 'The store does not recover.');
        await pause(200);
      }
    }
  }

  async #review(): Promise<void> {
    await Promise.all(this.#visitors.map((visitor) => visitor.review()));
    const [visitor] = this.#visitors;
    for (const dead of this.#dead) await visitor!.haunt(dead);
    this.tally.sessionsEnded = this.#dead.length;
  }

  async #close(): Promise<void> {
    const ended = await Promise.all(this.#arena.apps.map((app) => app.terminate()));
    if (ended.includes(false))
      this.tally.complain('hung', 'A process has not ended in time after its last request.');
  }

  get name(): string {
    return this.kind.name;
  }
}

/** Fails when this process is told to end. */
async function rest(least: number, most: number): Promise<void> {
  await pause(between(least, most), undefined, { signal: interruption });
}
