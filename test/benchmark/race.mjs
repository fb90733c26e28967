/**
 * Parallel requests that write one session, each a key of its own: keys lost, store operations per request, and time
 * beside that of a single writer. See README.md, or `npm run bench:race -- --help`.
 */
import { parseArgs } from 'node:util';
import { conditions } from './support/conditions.mjs';
import { contestantsFor, isStandIn, STORES } from './support/contestants.mjs';
import { nodeBinary } from './support/node-binary.mjs';
import { saveResults, table, times } from './support/results.mjs';
import { RACE_WORK } from './support/routes.mjs';
import { openScratch } from './support/scratch.mjs';
import { startServer } from './support/server.mjs';
import { median } from './support/statistics.mjs';

const HELP = `npm run bench:race -- [options]

  --rounds N     races of each kind, of which the medians are shown (default: 21)
  --node N       Node.js of the servers: 20, 24 or the path of one (default: the running one)
  --output FILE  where to write the table (default: test/benchmark/results/race-node<major>.md)
  --quick        see in some ten seconds that everything works; nothing is written
`;

/** How many write at once. */
const WRITERS = [1, 6, 26];

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string' },
    node: { type: 'string' },
    output: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit();
}
const { quick } = options;
const rounds = Number(options.rounds ?? (quick ? 1 : 21));
const node = nodeBinary(options.node);

const scratch = await openScratch(node);
try {
  await run();
} finally {
  await scratch.close();
}

async function run() {
  const rows = [];
  const contestants = contestantsFor({}).filter(takesPart);
  for (const contestant of contestants.filter(({ adapter, store }) => !quick || isStandIn(adapter, store))) {
    const server = await startServer(contestant, { scratch, node });
    try {
      rows.push(await rowOf(contestant, server));
    } finally {
      await server.stop();
    }
  }
  const { heading, major } = await conditions({ title: 'Parallel writers of one session', node, rounds });
  const head = [
    'Library',
    'Adapter',
    'Store',
    ...WRITERS.slice(1).map((count) => `keys lost of ${count}`),
    ...WRITERS.map((count) => `ops per request, ${count}`),
    ...WRITERS.map((count) => `ms, ${count}`),
    ...WRITERS.slice(1).map((count) => `time of ${count} to that of 1`),
  ];
  const text = [
    heading,
    `Every request loads the session, works for ${RACE_WORK} ms and then writes a key of its own. Keys lost: the worst race; ` +
      'all else: medians.',
    table(head, rows),
  ].join('\n\n');
  saveResults({ text, file: options.output ?? (quick ? undefined : `race-node${major}.md`) });
}

/** Whoever keeps sessions on the server. */
function takesPart({ store }) {
  return store !== undefined && store !== 'cookie' && !scratch.missing[store];
}

async function rowOf(contestant, server) {
  const races = new Map();
  for (const writers of WRITERS) {
    races.set(writers, []);
    for (let round = 0; round < rounds; round++) {
      races.get(writers).push(await race(server, writers));
    }
  }
  const of = (writers, figure) => races.get(writers).map((one) => one[figure]);
  const wall = (writers) => median(of(writers, 'wall'));
  return [
    contestant.title,
    contestant.adapter,
    STORES[contestant.store],
    ...WRITERS.slice(1).map((writers) => Math.max(...of(writers, 'lost'))),
    ...WRITERS.map((writers) => median(of(writers, 'operations')).toFixed(1)),
    ...WRITERS.map((writers) => wall(writers).toFixed(0)),
    ...WRITERS.slice(1).map((writers) => times(wall(writers) / wall(1))),
  ];
}

async function race(server, writers) {
  const [cookie] = await server.browsers(1, 200);
  const headers = { cookie };
  await server.ask('beginCounting');
  const start = performance.now();
  const responses = await Promise.all(
    Array.from({ length: writers }, (_, index) =>
      fetch(`${server.origin}/race?key=k${index}`, { method: 'POST', headers }),
    ),
  );
  await Promise.all(responses.map((response) => response.arrayBuffer()));
  const wall = performance.now() - start;
  const operations = (await server.ask('endCounting')) / writers;
  const wrong = responses.find(({ ok }) => !ok);
  if (wrong) {
    throw new Error(`A writer was answered with ${wrong.status}.`);
  }
  const keys = await (await fetch(`${server.origin}/keys`, { headers })).json();
  return { wall, operations, lost: writers - keys.filter((key) => /^k\d+$/.test(key)).length };
}
