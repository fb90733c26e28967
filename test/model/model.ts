/**
 * Runs random programs of session operations on every store, and compares what they see with the model.
 *
 *   npm run test:model -- --minutes 30
 *   npm run test:model -- --store redis --seed 1234 --path 17:2:0
 *
 * Ends with 1 when something was seen that the model does not allow, having said how to see it again.
 */
import 'reflect-metadata';
import { Command, InvalidArgumentError } from 'commander';
import { ModelBench, type Verdict } from './model.bench.js';
import { modelStores, type ModelStore } from './model.stores.js';

interface Options {
  readonly store?: string[];
  readonly minutes: number;
  readonly runs: number;
  readonly steps: number;
  readonly processes?: number;
  readonly seed?: number;
  readonly path?: string;
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

const options = new Command('test:model')
  .description('Runs random programs of session operations, and compares what they see with the model.')
  .option('--store <names...>', `of ${modelStores.map(({ name }) => name).join(', ')}`)
  .option('--minutes <number>', 'for all stores together', number, 10)
  .option('--runs <number>', 'programs per store at the most', number, 1_000_000)
  .option('--steps <number>', 'of the longest program', number, 100)
  .option(
    '--processes <number>',
    'so many processes, instead of two applications in one and then 3 processes',
    number,
  )
  .option('--seed <number>', 'the programs of this seed', number)
  .option('--path <path>', 'the very program that a failure has named')
  .parse()
  .opts<Options>();

/** Where to try: in this process and in several, unless it is said where. */
function trials(): { store: ModelStore; processes: number }[] {
  const { store: names, processes, seed } = options;
  const unknown = names?.filter((name) => !modelStores.some((store) => store.name === name)) ?? [];
  if (unknown.length > 0) throw new InvalidArgumentError(`There is no store ${unknown.join(', ')}.`);
  const stores = modelStores.filter(({ name }) => names?.includes(name) ?? true);
  return stores.flatMap((store) => {
    const numbers =
      processes === undefined ? (seed === undefined && store.isShared ? [0, 3] : [0]) : [processes];
    return numbers.map((each) => ({ store, processes: each }));
  });
}

async function tryStore(store: ModelStore, processes: number, limit: number): Promise<Verdict> {
  const bench = await ModelBench.open(store, processes);
  try {
    return await bench.try({ ...options, limit });
  } finally {
    await bench.close();
  }
}

const all = trials();
for (const { store, processes } of all) {
  const title = `${store.name}${processes > 0 ? `, ${processes} processes` : ''}`;
  if (store.unavailable !== undefined) {
    console.log(`${title}: skipped, ${store.unavailable}`);
    continue;
  }
  const { runs, acts, seed, complaint } = await tryStore(
    store,
    processes,
    (options.minutes * 60_000) / all.length,
  );
  console.log(
    `${title}: ${runs} programs, ${acts} acts, seed ${seed}${complaint ? `\n${complaint}` : ': as the model says'}`,
  );
  if (complaint) process.exitCode = 1;
}
