import { setTimeout as delay } from 'node:timers/promises';
import { table, times, whole } from '../support/results.mjs';
import { percentile } from '../support/statistics.mjs';
import { DATABASES, openDatabase } from './databases.mjs';

/** A request comes every so many milliseconds, whether or not those before it are done. */
const INTERVAL = 2;

/**
 * How long live traffic takes while expired records are cleared away, and before: of the TypeORM store, and of the bare
 * driver, which deletes as many records at the same moments.
 */
export async function run({ scratch, quick }) {
  const expired = quick ? 2_000 : 1_000_000;
  const quiet = quick ? 500 : 10_000;
  const rows = [];
  for (const database of DATABASES.filter(({ store }) => !scratch.missing[store])) {
    const steps = [];
    for (const contestant of ['TypeORM store', 'bare driver']) {
      const open = await openDatabase(database, scratch, 'clearing');
      const { call, clear } = contestant === 'bare driver' ? bare(open, steps) : ours(open, steps);
      const records = (await Promise.all(Array.from({ length: 100 }, () => open.newSlots()))).flat();
      await open.grow({ first: 1, last: expired, expiresAt: Date.now() - 1 });
      const before = await traffic(call, records, delay(quiet));
      const start = performance.now();
      const clearing = clear();
      const during = await traffic(call, records, clearing);
      const seconds = (performance.now() - start) / 1000;
      if ((await clearing) !== expired) {
        throw new Error(`${await clearing} records were cleared, not ${expired}.`);
      }
      await open.close();
      for (const verb of ['load', 'commit']) {
        const [quietly, busily] = [before, during].map((all) => percentile(all[verb], 0.99));
        rows.push([
          database.title,
          contestant,
          verb,
          ...[0.5, 0.99].flatMap((share) =>
            [before, during].map((all) => percentile(all[verb], share).toFixed(1)),
          ),
          Math.max(...during[verb]).toFixed(0),
          times(busily / quietly),
          `${whole(expired)} in ${seconds.toFixed(0)} s`,
        ]);
      }
    }
  }
  const head = [
    'Database',
    'Contestant',
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
    `clears. The bare driver deletes as many at the same moments. Budget: p99 at most 2×.\n\n${table(head, rows)}`
  );
}

/** The store clears, and every step is noted: when it was done, and how many records were gone then. */
function ours({ store }, steps) {
  return {
    call(verb, record) {
      if (verb === 'load') {
        return store.load(record.id);
      }
      const { id, data, lastSeenAt, expiresAt } = record;
      return store.commit(id, record.version++, { data, lastSeenAt, expiresAt });
    },
    clear() {
      const start = performance.now();
      const onProgress = (cleared) => steps.push({ at: performance.now() - start, cleared });
      return store.clearExpired({ onProgress });
    },
  };
}

/** The same steps, by hand. */
function bare({ bare: driver, deleteOldest }, steps) {
  return {
    call(verb, record) {
      const work = driver[verb](record);
      if (verb === 'commit') record.version++;
      return work;
    },
    async clear() {
      const start = performance.now();
      let done = 0;
      for (const { at, cleared } of steps) {
        await delay(Math.max(0, start + at - performance.now()));
        await deleteOldest(cleared - done);
        done = cleared;
      }
      return done;
    },
  };
}

/** Loads and commits in turns until something is done. Their times from the moment they were due, in milliseconds. */
async function traffic(call, records, until) {
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
      const work = call(verb, records[(turn >> 1) % records.length]);
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
