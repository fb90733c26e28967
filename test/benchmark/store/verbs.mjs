import { table, times, whole } from '../support/results.mjs';
import { DATABASES, openDatabase } from './databases.mjs';
import { newRecord } from './records.mjs';
import { inRounds, rateRatio } from './throughput.mjs';

/** The least share of the bare driver's throughput. */
const BUDGETS = {
  postgres: { load: 0.8, commit: 0.8, touch: 0.8, create: 0.8 },
  sqlite: { load: 0.6, commit: 0.8 },
};

/** Each verb of the TypeORM store beside the bare driver that runs the same SQL. */
export async function run({ scratch, rounds, window, quick }) {
  const rows = [];
  for (const database of DATABASES.filter(({ store }) => !scratch.missing[store])) {
    const open = await openDatabase(database, scratch, 'verbs');
    const records = { ours: await open.newSlots(), bare: await open.newSlots() };
    for (const verb of ['load', 'touch', 'commit', 'create']) {
      const works = {
        ours: workOf(verb, records.ours, ours(open.store)),
        bare: workOf(verb, records.bare, open.bare),
      };
      const result = await inRounds(works, { rounds, window, quick, slots: database.slots });
      const share = rateRatio(result.ours, result.bare);
      const budget = BUDGETS[database.store][verb];
      rows.push([
        database.title,
        verb,
        ...[result.ours, result.bare].map(({ rate, cpu }) => `${whole(rate)}/s, ${cpu.toFixed(1)} µs`),
        times(share),
        budget === undefined ? '' : `≥ ${budget}: ${share >= budget ? 'met' : 'missed'}`,
      ]);
    }
    await refuseLostWrites(open.store, [...records.ours, ...records.bare]);
    await open.close();
  }
  const head = ['Database', 'Verb', 'TypeORM store', 'bare driver', 'share', 'budget'];
  return `## The TypeORM store and the bare driver\n\nCalls per second and CPU time per call.\n\n${table(head, rows)}`;
}

/** The verbs of the store as calls that take a record, as those of the bare driver. */
function ours(store) {
  const activity = ({ lastSeenAt, expiresAt }) => ({ lastSeenAt, expiresAt });
  return {
    load: (record) => store.load(record.id),
    touch: (record) => store.touch(record.id, record.version, activity(record)),
    commit: (record) => store.commit(record.id, record.version, { ...activity(record), data: record.data }),
    create: (record) => store.create(record),
  };
}

function workOf(verb, records, verbs) {
  switch (verb) {
    case 'commit':
      return (slot) => {
        const pending = verbs.commit(records[slot]);
        records[slot].version++;
        return pending;
      };
    case 'create': {
      // A cheap id, so that making it is not what is measured.
      const template = newRecord();
      const prefix = template.id.slice(0, 16);
      let count = 0;
      return () => verbs.create({ ...template, id: prefix + (count++).toString(16).padStart(16, '0') });
    }
    default:
      return (slot) => verbs[verb](records[slot]);
  }
}

/** A write that missed its row would be fast. */
async function refuseLostWrites(store, records) {
  for (const { id, version } of records) {
    const stored = await store.load(id);
    if (stored?.version !== version) {
      throw new Error(`${store.name} holds version ${stored?.version} where ${version} was written.`);
    }
  }
}
