import { table, times, whole } from '../support/results.mjs';
import { DATABASES, filledId, openDatabase } from './databases.mjs';
import { DAY } from './records.mjs';
import { inRounds, rateRatio } from './throughput.mjs';

/** How many different records are loaded. */
const SAMPLE = 20_000;

/** How `load` slows down as the table grows, and how the bare driver does. */
export async function run({ scratch, rounds, window, quick }) {
  const sizes = quick ? [100, 1_000] : [1_000, 100_000, 1_000_000];
  const rows = [];
  for (const database of DATABASES.filter(({ store }) => !scratch.missing[store])) {
    const open = await openDatabase(database, scratch, 'growth');
    const results = [];
    for (const [index, last] of sizes.entries()) {
      await open.grow({ first: (sizes[index - 1] ?? 0) + 1, last, expiresAt: Date.now() + 14 * DAY });
      const ids = Array.from({ length: SAMPLE }, () => filledId(1 + Math.floor(Math.random() * last)));
      let next = 0;
      const id = () => ids[next++ % SAMPLE];
      const works = {
        ours: () => open.store.load(id()),
        bare: () => open.bare.load({ id: id(), version: 1 }),
      };
      results.push(await inRounds(works, { rounds, window, quick, slots: database.slots }));
    }
    rows.push(...results.map((result, index) => rowOf(database, sizes[index], result, results[0])));
    await open.close();
  }
  const head = [
    'Database',
    'Records',
    'TypeORM store',
    'bare driver',
    'growth',
    'growth of the bare driver',
    'relative',
  ];
  return (
    '## Loading from a growing table\n\nLoads per second of random records; growth of the time that one takes; budget: at ' +
    `most 1.1 times that of the bare driver.\n\n${table(head, rows)}`
  );
}

function rowOf({ title }, size, { ours, bare }, first) {
  const growth = ({ rate }, { rate: before }) => times(before / rate);
  const relative = rateRatio(first.ours, first.bare) / rateRatio(ours, bare);
  return [
    title,
    whole(size),
    `${whole(ours.rate)}/s`,
    `${whole(bare.rate)}/s`,
    growth(ours, first.ours),
    growth(bare, first.bare),
    times(relative),
  ];
}
