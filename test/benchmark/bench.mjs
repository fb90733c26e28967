/**
 * Requests per second, CPU time per request and store operations per request of nest-sessions and its peers, side by
 * side. See README.md, or `npm run bench -- --help`.
 */
import { parseArgs } from 'node:util';
import { budgetsTable } from './support/budgets.mjs';
import { conditions } from './support/conditions.mjs';
import { ADAPTERS, contestantsFor, isStandIn, STORES } from './support/contestants.mjs';
import { measureAll } from './support/measure.mjs';
import { nodeBinary } from './support/node-binary.mjs';
import { LOAD_CORE, startProcess } from './support/processes.mjs';
import { saveResults } from './support/results.mjs';
import { casesFor, SCENARIOS, SIZES } from './support/scenarios.mjs';
import { openScratch } from './support/scratch.mjs';
import { MOST_BYTES_IN_A_COOKIE, nameOf, startServer } from './support/server.mjs';
import { adapterTables } from './support/tables.mjs';
import { compareDjango } from './django/compare.mjs';

const HELP = `npm run bench -- [options]

  --only WORDS    only these, separated by commas: adapters (${ADAPTERS.join(', ')}),
                  stores (${Object.keys(STORES).join(', ')}),
                  scenarios (${Object.keys(SCENARIOS).join(', ')}), bytes of data (${SIZES.join(', ')}),
                  and django, which is the comparison with Django
  --rounds N      rounds, of which the medians are shown (default: 7)
  --window S      seconds that each server is measured in a round (default: 0.3)
  --connections N browsers at once, each with a session of its own (default: 16)
  --node N        Node.js of the servers: 20, 24 or the path of one (default: the running one)
  --cpu-prof DIR  write CPU profiles of every server and request there
  --output FILE   where to write the tables (default: test/benchmark/results/http-node<major>.md for a whole run)
  --quick         see in half a minute that everything works; the figures mean nothing
`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    window: { type: 'string' },
    connections: { type: 'string' },
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

/** So many requests it takes until the code is optimised. Where they are slow, it is not the code that makes the time. */
const WARM_REQUESTS = {
  memory: 25_000,
  redis: 25_000,
  postgres: 25_000,
  sqlite: 25_000,
  files: 3000,
  cookie: 8000,
};

const words = (options.only ?? '').split(',').filter(Boolean);
const pick = (names) => words.filter((word) => names.includes(word));
const stranger = words.find(
  (word) =>
    ![
      ...ADAPTERS,
      ...Object.keys(STORES),
      ...Object.keys(SCENARIOS),
      ...SIZES.map(String),
      'django',
    ].includes(word),
);
if (stranger) {
  console.error(`--only: there is no "${stranger}".\n\n${HELP}`);
  process.exit(2);
}

const { quick } = options;
const settings = {
  rounds: Number(options.rounds ?? (quick ? 1 : 7)),
  window: Number(options.window ?? (quick ? 0.02 : 0.3)) * 1000,
  // Until the code of a request is optimised.
  warmUp: quick ? 20 : 1500,
  // With data of another size it is the same code.
  warmUpAgain: quick ? 20 : 500,
  connections: Number(options.connections ?? (quick ? 2 : 16)),
  node: nodeBinary(options.node),
  pin: !quick,
};
const cases = casesFor({
  scenarios: pick(Object.keys(SCENARIOS)),
  sizes: quick ? [SIZES[0]] : pick(SIZES.map(String)).map(Number),
});
const onlyDjango = words.includes('django') && words.length === 1;

const scratch = await openScratch(settings.node);
const load = await startProcess('load.process.mjs', {}, { core: settings.pin ? LOAD_CORE : undefined });
try {
  await run();
} finally {
  await load.stop();
  await scratch.close();
}

async function run() {
  const results = [];
  try {
    for (const adapter of onlyDjango ? [] : chosen(ADAPTERS)) {
      const stores = chosen(Object.keys(STORES)).filter((store) => !scratch.missing[store]);
      for (const store of quick ? stores.filter((name) => isStandIn(adapter, name)) : stores) {
        results.push(...(await measureStore(adapter, store)));
      }
    }
  } catch (error) {
    // It has taken long to measure what is there.
    console.log(adapterTables(results).join('\n\n'));
    throw error;
  }
  const { heading, major } = await conditions({ ...settings, title: 'Sessions over HTTP' });
  const sections = [heading, ...adapterTables(results), budgetsTable(results, major)];
  if (words.length === 0 || words.includes('django')) {
    sections.push(await compareDjango({ load, scratch, ...settings, quick }));
  }
  saveResults({
    text: sections.filter(Boolean).join('\n\n'),
    file: options.output ?? (quick || words.length > 0 ? undefined : `http-node${major}.md`),
  });
}

function chosen(names) {
  return pick(names).length > 0 ? pick(names) : names;
}

/** Those who keep sessions in the same place are measured close to each other: what the machine does meanwhile, it does to all of them. */
async function measureStore(adapter, store) {
  const contestants = contestantsFor({ adapter: [adapter], store: [store] });
  const servers = await inTurns(contestants, async (contestant) => {
    try {
      return { contestant, server: await startServer(contestant, { scratch, ...settings }) };
    } catch (error) {
      throw new Error(`${nameOf(contestant)} does not start`, { cause: error });
    }
  });
  try {
    const results = [];
    for (const one of cases) {
      results.push(...(await measureCase({ adapter, store }, servers, one)));
    }
    return results;
  } finally {
    await Promise.all(servers.map(({ server }) => server.stop()));
  }
}

async function measureCase(
  { adapter, store },
  servers,
  { scenario, bytes, method, path, isNew, isFirst, title },
) {
  if (store === 'cookie' && bytes > MOST_BYTES_IN_A_COOKIE) {
    return [];
  }
  const entries = [];
  // Who has no sessions is sent somebody's: browsers send what they have.
  const floor = servers.find(({ contestant }) => contestant.library === 'floor');
  for (const { contestant, server } of servers) {
    const issuer = contestant.library === 'bare' ? floor.server : server;
    const cookies = isNew ? undefined : await issuer.browsers(settings.connections, bytes);
    const target = { url: `${server.origin}/${path}`, method, cookies, connections: settings.connections };
    const profile =
      options['cpu-prof'] && `${options['cpu-prof']}/${nameOf(contestant)}-${scenario}-${bytes}.cpuprofile`;
    entries.push({ contestant, server, target, profile });
  }
  console.log(`${adapter}, ${STORES[store]}: ${title}${isNew ? '' : `, ${bytes / 1000} KB`}`);
  const warmUp = isFirst ? settings.warmUp : settings.warmUpAgain;
  const warmRequests = isFirst && !quick ? WARM_REQUESTS[store] : undefined;
  const measured = await measureAll(load, entries, { ...settings, warmUp, warmRequests });
  return measured.map((result) => ({ ...result, adapter, store, scenario, bytes }));
}

/** Two at a time, which is what the machine has cores for. */
async function inTurns(items, work) {
  const done = [];
  for (let index = 0; index < items.length; index += 2) {
    done.push(...(await Promise.all(items.slice(index, index + 2).map(work))));
  }
  return done;
}
