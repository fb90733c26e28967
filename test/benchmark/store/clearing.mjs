import { setTimeout as delay } from 'node:timers/promises';
import { table, times, whole } from '../support/results.mjs';
import { percentile } from '../support/statistics.mjs';
import { DATABASES, openDatabase } from './databases.mjs';

/** A request comes every so many milliseconds, whether or not those before it are done. */
const INTERVAL = 2;

/** How long live traffic takes while expired records are cleared away, and before. */
export async function run({ scratch, quick }) {
  const expired = quick ? 2_000 : 1_000_000;
  const quiet = quick ? 500 : 10_000;
  const rows = [];
  for (const database of DATABASES.filter(({ store }) => !scratch.missing[store])) {
    const open = await openDatabase(database, scratch, 'clearing');
    const records = (await Promise.all(Array.from({ length: 100 }, () => open.newSlots()))).flat();
    await open.grow({ first: 1, last: expired, expiresAt: Date.now() - 1 });
    const before = await traffic(open.store, records, delay(quiet));
    const start = performance.now();
    const clearing = open.store.clearExpired();
    const during = await traffic(open.store, records, clearing);
    const seconds = (performance.now() - start) / 1000;
    if ((await clearing) !== expired) {
      throw new Error(`${await clearing} records were cleared, not ${expired}.`);
    }
    await open.close();
    for (const verb of ['load', 'commit']) {
      rows.push([
        database.title,
        verb,
        ...[0.5, 0.99].flatMap((share) =>
          [before, during].map((all) => percentile(all[verb], share).toFixed(1)),
        ),
        Math.max(...during[verb]).toFixed(0),
        times(percentile(during[verb], 0.99) / percentile(before[verb], 0.99)),
        `${whole(expired)} in ${seconds.toFixed(0)} s`,
      ]);
    }
  }
  const head = [
    'Database',
    'Verb',
    'p50',
    'p50 clearing',
    'p99',
    'p99 clearing',
    'max clearing',
    'p99 ratio',
    'cleared',
  ];
  return (
    `## Clearing under live traffic\n\nMilliseconds from when a call was due, one every ${INTERVAL} ms, in the process that ` +
    `clears. Budget: p99 at most 2×.\n\n${table(head, rows)}`
  );
}

/** Loads and commits in turns until something is done. Their times from the moment they were due, in milliseconds. */
async function traffic(store, records, until) {
  const latencies = { load: [], commit: [] };
  const pending = [];
  const state = { isOver: false };
  void until.finally(() => {
    state.isOver = true;
  });
  let due = performance.now();
  for (let turn = 0; !state.isOver; await delay(1)) {
    for (; due <= performance.now(); due += INTERVAL, turn++) {
      const verb = turn % 2 === 0 ? 'load' : 'commit';
      const work = call(store, verb, records[(turn >> 1) % records.length]);
      pending.push(noteTime(latencies[verb], due, work));
    }
  }
  await Promise.all(pending);
  return latencies;
}

async function noteTime(latencies, due, work) {
  await work;
  latencies.push(performance.now() - due);
}

function call(store, verb, record) {
  if (verb === 'load') {
    return store.load(record.id);
  }
  const { id, data, lastSeenAt, expiresAt } = record;
  return store.commit(id, record.version++, { data, lastSeenAt, expiresAt });
}
