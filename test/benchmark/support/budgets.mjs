import { addedMicroseconds, ratio } from './measure.mjs';
import { table } from './results.mjs';
import { bestOf, caseOf, ofLibrary, peersOf } from './tables.mjs';

/** It never moves the end of a session that is in use, which is another thing than all the others do. */
const STATIC = 'fastify-session-static';

const UNUSED = { what: 'valid cookie, session unused', scenario: 'unused', bytes: 200 };
const NEW = { what: 'no cookie, session unused', scenario: 'new', bytes: 0 };
const READ = { what: 'read, 0.2 KB', scenario: 'read', bytes: 200 };
const READ_MUCH = { what: 'read, 20 KB', scenario: 'read', bytes: 20_000 };
const WRITE = { what: 'write, 0.2 KB', scenario: 'write', bytes: 200 };

const throughput = ({ ours, other }) => ratio(ours, other);
const microseconds = ({ ours, other }) => addedMicroseconds(ours, other);
const addedShare = ({ ours, other, bare }) => addedMicroseconds(ours, bare) / addedMicroseconds(other, bare);
const operations = ({ ours }) => ours.operations;

/**
 * What is promised of requests over HTTP: of which case, on which store, against whom (a library, or the best peer on
 * the store where none is named), by which figure. A limit may depend on the major version of Node.js.
 */
const BUDGETS = [
  { ...UNUSED, store: 'memory', against: 'floor', figure: 'throughput', measure: throughput, least: 0.95 },
  { ...UNUSED, store: 'memory', against: 'floor', figure: 'added µs', measure: microseconds, most: 5 },
  {
    ...UNUSED,
    store: 'postgres',
    against: 'floor',
    figure: 'store operations',
    measure: operations,
    most: 0,
  },
  {
    ...UNUSED,
    store: 'memory',
    against: 'express-session',
    figure: 'throughput',
    measure: throughput,
    least: { 20: 1.2, 24: 1.7 },
  },
  {
    ...UNUSED,
    store: 'postgres',
    against: 'express-session',
    figure: 'throughput',
    measure: throughput,
    least: 2.5,
  },
  {
    ...UNUSED,
    store: 'memory',
    against: 'fastify-session',
    figure: 'throughput',
    measure: throughput,
    least: 1.5,
  },
  {
    ...UNUSED,
    store: 'postgres',
    against: 'fastify-session',
    figure: 'throughput',
    measure: throughput,
    least: 4,
  },
  {
    ...NEW,
    store: 'memory',
    against: 'express-session',
    figure: 'throughput',
    measure: throughput,
    least: 1,
  },
  {
    ...NEW,
    store: 'memory',
    against: 'fastify-session',
    figure: 'throughput',
    measure: throughput,
    least: 0.9,
  },
  { ...READ, store: 'memory', figure: 'share of the added µs', measure: addedShare, most: 0.6 },
  { ...READ, store: 'redis', figure: 'share of the added µs', measure: addedShare, most: 0.8 },
  { ...READ, store: 'postgres', figure: 'share of the added µs', measure: addedShare, most: 0.6 },
  ...['memory', 'redis', 'postgres', 'sqlite', 'files'].flatMap((store) => [
    { ...WRITE, store, figure: 'throughput', measure: throughput, least: 1 },
    { ...READ_MUCH, store, figure: 'throughput', measure: throughput, least: 3 },
  ]),
];

const HEAD = ['Request', 'Adapter', 'Store', 'Against', 'Figure', 'Budget', 'Measured', '', 'Floor'];

/** The budgets beside what was measured, as far as it was. */
export function budgetsTable(results, major) {
  const rows = BUDGETS.flatMap((budget) =>
    ['express', 'fastify'].flatMap((adapter) => rowOf(budget, adapter, results, major) ?? []),
  );
  return rows.length > 0
    ? `## Budgets\n\nThe last column: what the floor comes to in our place. Its store is a Map, whatever the store of the others.\n\n${table(HEAD, rows)}`
    : '';
}

function rowOf({ what, store, against, figure, measure, least, most, ...which }, adapter, results, major) {
  const measured = caseOf(results, { adapter, store, ...which });
  const ours = ofLibrary(measured, 'nest-sessions');
  const other = against
    ? ofLibrary(measured, against)
    : bestOf(peersOf(measured).filter(({ contestant }) => contestant.library !== STATIC));
  if (!ours || !other) {
    return undefined;
  }
  const [bare, floor] = ['bare', 'floor'].map((library) => ofLibrary(measured, library));
  const value = measure({ ours, other, bare });
  const limit = least?.[major] ?? least ?? most;
  const isMet = least === undefined ? value <= limit : value >= limit;
  return [
    [
      what,
      adapter,
      store,
      other.contestant.title,
      figure,
      `${least === undefined ? '≤' : '≥'} ${limit}`,
      value.toFixed(2),
      isMet ? 'met' : 'missed',
      floor && against !== 'floor' ? measure({ ours: floor, other, bare }).toFixed(2) : '',
    ],
  ];
}
