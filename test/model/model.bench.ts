import fc from 'fast-check';
import { adapters } from '../support/adapters.js';
import { Director } from './director.js';
import { forkedStage } from './forked.stage.js';
import { localStage } from './local.stage.js';
import { ModelViolation } from './model.checker.js';
import { openStore, type ModelStore, type OpenedStore, type StorePlace } from './model.stores.js';
import { programs, type Program } from './program.js';
import type { Stage } from './stage.js';

type ClosableStage = Stage & { close(): Promise<void> };

/** How far programs are tried. */
export interface Trial {
  readonly runs: number;
  /** The longest program. Default: 100 steps. */
  readonly steps?: number;
  readonly seed?: number | undefined;
  /** Where in the tree of a seed's programs to begin, as a failure says. */
  readonly path?: string | undefined;
  /** Milliseconds, shrinking included. */
  readonly limit?: number | undefined;
}

/** What has come of it. */
export interface Verdict {
  readonly runs: number;
  readonly acts: number;
  readonly seed: number;
  /** What to do about it; `undefined`: the store does what the model says. */
  readonly complaint?: string;
}

/** Between two programs, in milliseconds: who was a latecomer in one is none in the next. */
const GAP = 60_000;
const BEGIN = Date.parse('2026-01-01T12:00:00Z');

/** Applications that share a store, for one program after the other. */
export class ModelBench {
  #now = BEGIN;
  #runs = 0;
  #acts = 0;
  /** The program that is being played. The time limit does not wait for its end. */
  #playing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly command: string,
    private readonly canList: boolean,
    private readonly stages: readonly ClosableStage[],
    private readonly leave: () => Promise<void>,
  ) {}

  /** Two applications in this process, one on each adapter, or as many processes. */
  static async open(store: ModelStore, processes = 0): Promise<ModelBench> {
    const { place, drop } = await store.prepare();
    const opened: OpenedStore[] = [];
    const stages: ClosableStage[] = [];
    const leave = async (): Promise<void> => {
      await Promise.all(stages.map((stage) => stage.close()));
      await Promise.all(opened.map(({ close }) => close()));
      await drop();
    };
    try {
      if (processes > 0) {
        stages.push(
          ...(await Promise.all(Array.from({ length: processes }, (_, index) => forkedStage(place, index)))),
        );
      } else {
        for (const { make } of adapters) stages.push(await localStage(make(), await access(place, opened)));
      }
    } catch (error) {
      await leave();
      throw error;
    }
    const command = `npm run test:model -- --store ${store.name}${processes > 0 ? ` --processes ${processes}` : ''}`;
    return new ModelBench(command, store.canList, stages, leave);
  }

  async close(): Promise<void> {
    await this.#playing.catch(() => undefined);
    await this.leave();
  }

  async try({ runs, steps = 100, seed, path, limit }: Trial): Promise<Verdict> {
    const before = this.#runs;
    const result = await fc.check(
      fc.asyncProperty(programs(steps), (program) => (this.#playing = this.#play(program))),
      {
        numRuns: runs,
        ...(seed !== undefined && { seed }),
        ...(path !== undefined && { path }),
        ...(limit !== undefined && { interruptAfterTimeLimit: limit }),
      },
    );
    const verdict = { runs: this.#runs - before, acts: this.#acts, seed: result.seed };
    if (!result.failed) return verdict;
    const replay = `${this.command} --steps ${steps} --seed ${result.seed} --path ${result.counterexamplePath}`;
    const why =
      result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
    const program = JSON.stringify(result.counterexample?.[0]);
    return {
      ...verdict,
      complaint: `Not as the model says. Again with:\n  ${replay}\n\n${program}\n\n${why}`,
    };
  }

  async #play(program: Program): Promise<void> {
    const director = new Director(this.stages, ++this.#runs, this.#now, this.canList);
    try {
      await director.play(program);
    } catch (error) {
      const { message, stack } = error as Error;
      const what = error instanceof ModelViolation ? message : stack;
      throw new Error(`${what}\n\n${director.trace.join('\n')}`, { cause: error });
    } finally {
      this.#acts += director.acts;
      this.#now = director.now + GAP;
    }
  }
}

/** Each application has its own, unless the sessions are in the memory of this process. */
async function access(place: StorePlace, opened: OpenedStore[]): Promise<OpenedStore['definition']> {
  const isHere = place.kind === 'memory' || place.kind === 'cacheManager' || place.kind === 'expressSession';
  if (!isHere || opened.length === 0) opened.push(await openStore(place));
  return opened.at(-1)!.definition;
}
