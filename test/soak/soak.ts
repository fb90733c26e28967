/**
 * Soaks applications: has every store serve mixed traffic for a long time, and looks whether memory and latency stay as
 * they are, whether listeners, timers or file handles are left behind, and whether the processes end by themselves.
 *
 *   npm run soak -- --minutes 60
 *   npm run soak -- --short --store redis
 *
 * Ends with 1 when something was not level, or was answered with anything but what is right. Told to end (SIGINT,
 * SIGTERM), it ends what it has started, tells what it has seen, and ends with 130 or 143.
 */
import 'reflect-metadata';
import { Command } from 'commander';
import { nameArgument, numberArgument } from '../support/command-arguments.js';
import { interruption } from '../support/interruption.js';
import keepTemporaryFilesInMemory from '../support/temporary-files.setup.mjs';
import { textTable } from '../support/text-table.js';
import { SoakRun, type Plan } from './soak.run.js';
import { soakStores } from './soak.stores.js';
import { median } from './statistics.js';
import { inMegabytes, inMilliseconds, judge, type Span } from './verdict.js';

interface Options {
  readonly store?: string[];
  readonly minutes: number;
  readonly short?: true;
}

const names = soakStores.map(({ name }) => name);

/** How long the traffic of a short run takes, in minutes. */
const SHORT = 0.4;

/** From here on latency is judged, in minutes: that of a shorter run tells more of the machine. */
const LONG = 10;

const options = new Command('soak')
  .description('Soaks applications in traffic that stays the same, and looks whether they stay the same too.')
  .option('--minutes <number>', 'for all stores at once', numberArgument, 60)
  .option('--short', `${SHORT * 60} seconds, without those that the processes take for their start`)
  .option('--store <name>', `one of ${names.join(', ')}; may be repeated`, nameArgument(names))
  .parse()
  .opts<Options>();

const minutes = options.short ? SHORT : options.minutes;

/** It is the requests that are counted: a machine that is busy takes longer for them. */
function plan(): Plan {
  const rate = 50;
  const rounds = Math.max(24, Math.round(minutes * 2));
  return {
    rounds,
    requests: Math.round((minutes * 60 * rate) / rounds),
    rate,
    lifetime: Math.min(30, Math.max(6, minutes * 15)),
  };
}

function line({ name, tally }: SoakRun): string {
  const { requests, rounds, wrong } = tally;
  const last = rounds.at(-1);
  const state = last && [
    `heap ${inMegabytes(last.reading.heap)}`,
    `rss ${inMegabytes(last.reading.rss)}`,
    ...(last.reading.sessions === undefined ? [] : [`${last.reading.sessions} sessions`]),
    `latency ${inMilliseconds(median(last.latencies))}`,
  ];
  return `${name}: ${[`${requests} requests`, ...(state ?? []), `${wrong} wrong`].join(', ')}`;
}

/** What there was of something at the beginning and at the end. */
const COLUMNS: readonly (readonly [string, (span: Span) => string])[] = [
  ['heap', ({ heap }) => inMegabytes(heap)],
  ['rss', ({ rss }) => inMegabytes(rss)],
  ['latency', ({ latency }) => inMilliseconds(latency.median)],
  ['p99', ({ latency }) => inMilliseconds(latency.p99)],
  ['open files', ({ held }) => String(held['open files'] ?? '')],
];

function summary(runs: readonly SoakRun[]): { readonly text: string; readonly isLevel: boolean } {
  const judged = runs.map(({ name, tally, happened }) => {
    const verdict = judge(tally.rounds, { judgesLatency: minutes >= LONG });
    return { name, tally, happened, ...verdict, isLevel: tally.wrong + verdict.reasons.length === 0 };
  });
  const table = textTable([
    ['store', 'requests', ...COLUMNS.map(([title]) => title), 'verdict'],
    ...judged.map(({ name, tally, first, last, isLevel }) => [
      name,
      String(tally.requests),
      ...COLUMNS.map(([, show]) => `${show(first)} → ${show(last)}`),
      interruption.aborted ? 'interrupted' : isLevel ? 'level' : 'NOT LEVEL',
    ]),
  ]);
  const happened = judged.map(
    (each) =>
      `${each.name}: ${Object.entries(each.happened)
        .map(([type, count]) => `${count} × ${type}`)
        .join(', ')}`,
  );
  const reasons = judged.flatMap(({ name, ...each }) =>
    [...each.reasons, ...each.tally.complaints].map((reason) => `${name}: ${reason}`),
  );
  return {
    text: [table, '', 'Events', ...happened, ...(reasons.length > 0 ? ['', 'Reasons', ...reasons] : [])].join(
      '\n',
    ),
    isLevel: judged.every(({ isLevel }) => isLevel),
  };
}

keepTemporaryFilesInMemory();
const runs = soakStores.flatMap((store, index) => {
  if (!(options.store?.includes(store.name) ?? true)) return [];
  if (store.unavailable === undefined) return [new SoakRun(store, index, plan())];
  console.log(`${store.name}: skipped, ${store.unavailable}`);
  return [];
});
console.log(`${runs.map(({ name }) => name).join(', ')}: ${minutes} minutes`);
const progress = setInterval(() => console.log(runs.map(line).join('\n')), minutes >= LONG ? 60_000 : 10_000);
await Promise.all(runs.map((run) => run.run()));
clearInterval(progress);
const { text, isLevel } = summary(runs);
console.log(`\n${text}`);
process.exit(interruption.aborted ? (interruption.reason as number) : isLevel ? 0 : 1);
