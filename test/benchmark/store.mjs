/**
 * The stores by themselves: the TypeORM store beside the bare drivers, a growing table, clearing under live traffic,
 * files beside plain fs, and memory. See README.md, or `npm run bench:store -- --help`.
 */
import { parseArgs } from 'node:util';
import { conditions } from './support/conditions.mjs';
import { nodeBinary } from './support/node-binary.mjs';
import { SERVER_CORE, startProcess } from './support/processes.mjs';
import { saveResults } from './support/results.mjs';
import { openScratch } from './support/scratch.mjs';

const SUBJECTS = ['verbs', 'growth', 'clearing', 'files', 'memory'];

const HELP = `npm run bench:store -- [options]

  --only WORDS   only these subjects, separated by commas: ${SUBJECTS.join(', ')}
  --rounds N     rounds, of which the medians are shown (default: 7)
  --window S     seconds that each is measured in a round (default: 1)
  --node N       Node.js to measure: 20, 24 or the path of one (default: the running one)
  --cpu-prof DIR let the processes write CPU profiles there
  --output FILE  where to write the tables (default: test/benchmark/results/store-node<major>.md for a whole run)
  --quick        see in some ten seconds that everything works; the figures mean nothing
`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    window: { type: 'string' },
    node: { type: 'string' },
    'cpu-prof': { type: 'string' },
    output: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit();
}
const only = options.only?.split(',') ?? SUBJECTS;
const stranger = only.find((word) => !SUBJECTS.includes(word));
if (stranger) {
  console.error(`--only: there is no "${stranger}".\n\n${HELP}`);
  process.exit(2);
}
const { quick } = options;
const rounds = Number(options.rounds ?? (quick ? 1 : 7));
const window = Number(options.window ?? (quick ? 0.02 : 1)) * 1000;
const node = nodeBinary(options.node);

const scratch = await openScratch(node);
try {
  const { heading, major } = await conditions({ title: 'Stores', node, rounds, window });
  const sections = [heading];
  for (const subject of only) {
    console.log(subject);
    const flags = ['--expose-gc', ...profiling(subject)];
    const { close: _, ...places } = scratch;
    const child = await startProcess('subject.process.mjs', { subject }, { node, core: SERVER_CORE, flags });
    sections.push(await child.ask('run', { scratch: places, rounds, window, quick }));
    await child.stop();
  }
  saveResults({
    text: sections.join('\n\n'),
    file: options.output ?? (quick || options.only ? undefined : `store-node${major}.md`),
  });
} finally {
  await scratch.close();
}

function profiling(subject) {
  const directory = options['cpu-prof'];
  return directory
    ? ['--cpu-prof', '--cpu-prof-dir', directory, '--cpu-prof-name', `${subject}.cpuprofile`]
    : [];
}
