/**
 * Tortures applications under traffic: kills, freezes and cuts off their stores and their processes, fills their disks
 * and moves their clocks. Everything that is tortured was started here, and all traffic stays on this machine.
 *
 *   npm run torture -- --minutes 60
 *   npm run torture -- --short --store redis
 *
 * Ends with 1 when a write was lost that had been acknowledged, a session came back that had been ended, a request was
 * not answered, or was answered with anything but what is right or a clean 503. Told to end (SIGINT, SIGTERM), it ends
 * what it has started, tells what it has seen, and ends with 130 or 143.
 */
import 'reflect-metadata';
import { Command } from 'commander';
import { setSeed } from '../support/chance.js';
import { nameArgument, numberArgument } from '../support/command-arguments.js';
import { interruption } from '../support/interruption.js';
import { textTable } from '../support/text-table.js';
import { grounds, type GroundKind } from './grounds.js';
import { Ordeal } from './ordeal.js';
import type { Tally } from './tally.js';

interface Options {
  readonly store?: string[];
  readonly minutes: number;
  readonly short?: true;
  readonly seed: number;
}

const names = grounds.map(({ name }) => name);

/** What a short run tortures, and for how long in all, in minutes. */
const SHORT = { stores: ['redis', 'postgres', 'file'], minutes: 1.25 };

const options = new Command('torture')
  .description('Lets all that can happen to stores and processes happen to applications under traffic.')
  .option('--minutes <number>', 'for all stores together', numberArgument, 60)
  .option('--short', `${SHORT.minutes * 60} seconds for ${SHORT.stores.join(', ')}, unless stores are named`)
  .option('--store <name>', `one of ${names.join(', ')}; may be repeated`, nameArgument(names))
  .option(
    '--seed <number>',
    'of the choice of faults; what they meet is up to chance',
    numberArgument,
    Date.now() % 2 ** 31,
  )
  .parse()
  .opts<Options>();

function chosen(): readonly GroundKind[] {
  const picked = options.store ?? (options.short ? SHORT.stores : undefined);
  return grounds.filter((ground) => picked?.includes(ground.name) ?? true);
}

function line(name: string, tally: Tally): string {
  const { requests, answers, writesChecked, writesLost, sessionsResurrected, hung, wrong } = tally;
  const faults = [...tally.faults.values()].reduce((sum, count) => sum + count, 0);
  return (
    `${name}: ${requests} requests (${answers.right} right, ${answers.unavailable} 503, ${answers.cut} cut), ` +
    `${faults} faults, ${writesChecked} writes checked, ${writesLost} lost, ${sessionsResurrected} resurrected, ` +
    `${hung} hung, ${wrong} wrong`
  );
}

async function torture(ground: GroundKind, milliseconds: number): Promise<Tally> {
  const ordeal = await Ordeal.begin(ground);
  const { tally } = ordeal;
  const progress = setInterval(() => console.log(line(ground.name, tally)), 10_000);
  try {
    await ordeal.endure(milliseconds);
  } finally {
    clearInterval(progress);
  }
  return tally;
}

const COLUMNS: readonly (readonly [string, (tally: Tally) => number])[] = [
  ['requests', (tally) => tally.requests],
  ['right', ({ answers }) => answers.right],
  ['503', ({ answers }) => answers.unavailable],
  ['cut', ({ answers }) => answers.cut],
  ['writes checked', (tally) => tally.writesChecked],
  ['lost', (tally) => tally.writesLost],
  ['sessions ended', (tally) => tally.sessionsEnded],
  ['resurrected', (tally) => tally.sessionsResurrected],
  ['finished at shutdown', (tally) => tally.finishedAtShutdown],
  ['hung', (tally) => tally.hung],
  ['wrong', (tally) => tally.wrong],
];

function summary(results: readonly (readonly [string, Tally])[]): string {
  const table = textTable([
    ['store', ...COLUMNS.map(([title]) => title)],
    ...results.map(([store, tally]) => [store, ...COLUMNS.map(([, value]) => String(value(tally)))]),
  ]);
  const faults = results.map(
    ([store, tally]) =>
      `${store}: ${[...tally.faults].map(([kind, count]) => `${count} × ${kind}`).join(', ')}`,
  );
  const complaints = results.flatMap(([store, tally]) => tally.complaints.map((each) => `${store}: ${each}`));
  return [
    table,
    '',
    'Faults',
    ...faults,
    ...(complaints.length > 0 ? ['', 'Complaints', ...complaints] : []),
  ].join('\n');
}

setSeed(options.seed);
const all = chosen();
const possible = all.filter(({ unavailable }) => unavailable === undefined);
for (const { name: store, unavailable } of all) {
  if (unavailable !== undefined) console.log(`${store}: skipped, ${unavailable}`);
}
const minutes = options.short ? SHORT.minutes : options.minutes;
console.log(`${possible.map((ground) => ground.name).join(', ')}: ${minutes} minutes, seed ${options.seed}`);
const results: [string, Tally][] = [];
for (const ground of possible) {
  if (interruption.aborted) break;
  results.push([ground.name, await torture(ground, (minutes * 60_000) / possible.length)]);
}
console.log(`\n${summary(results)}`);
const verdict = results.every(([, tally]) => tally.isClean) ? 0 : 1;
process.exit(interruption.aborted ? (interruption.reason as number) : verdict);
