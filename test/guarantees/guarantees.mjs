/**
 * Runs what every store has to pass, and prints what each promises beside how the tests of each guarantee went. Ends
 * with 1 when a test has failed.
 *
 * Run it after `npm run build`, which makes the stores whose capabilities are shown, and the processes that share them.
 * Tests that need a server are skipped where there is none; with REQUIRE_SERVERS=1 they fail. Arguments go to Jest.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Where the guarantees are tested. */
const SUITES = ['test/stores/', 'test/concurrency/', 'test/outage/', 'test/people/'];

/**
 * The stores: by the names of their own spec files, and by what the titles call them where a suite runs on several.
 * `declared` makes one to ask for its capabilities. The first that matches has the test.
 */
const STORES = [
  { name: 'cachedStore', files: /^cached\b/, titles: /behind a cache|cachedStore/, declared: cached },
  { name: 'cookieStore', files: /^cookie\b/, titles: /cookie store/, declared: cookie },
  {
    name: 'cacheManagerStore',
    files: /^cache-manager\b/,
    titles: /cache-manager|cacheManagerStore/,
    declared: cacheManager,
  },
  {
    name: 'expressSessionStore',
    files: /^express-session\b/,
    titles: /express-session|connect-|session-file-store/,
    declared: expressSession,
  },
  { name: 'redisStore', files: /^redis\b/, titles: /\(Redis\)|redisStore/, declared: redis },
  {
    name: 'fileStore',
    files: /^(file|directory|lock-left)\b/,
    titles: /\(files\)|fileStore/,
    declared: file,
  },
  {
    name: 'typeOrmStore',
    files: /^(typeorm|transient|database)\b/,
    titles: /SQLite|PostgreSQL|MariaDB|TypeORM/,
    declared: typeOrm,
  },
  { name: 'memoryStore', files: /^memory\b/, titles: /memory/, declared: memory },
  { name: '(every store alike)', files: /./, titles: /./ },
];

/** The guarantees, by the spec files that test them. The first that matches has the test. */
const GUARANTEES = [
  { name: 'contract', files: /./, titles: / as a session store( |$)/ },
  { name: '4 processes', files: /processes/ },
  { name: 'parallel writes', files: /^(parallel|one-request|update-during|session-lock|limit)/ },
  { name: 'logout, login in flight', files: /^(flush|regenerate|renewal|outdated|login)/ },
  { name: 'kill -9', files: /crash/ },
  { name: 'bad input', files: /tampering|damage|corrupt/ },
  { name: 'outage', files: /outage|faults|failing|server|traffic|directory|lock-left/ },
  { name: 'more', files: /./ },
];

const WRITERS = { everywhere: 'everywhere', 'this-process': 'in one process', nowhere: 'NO' };
const MARKS = { passed: '✓', failed: '✗', skipped: '–' };

const load = (entry) => import(join(root, 'dist', `${entry}.js`));

async function memory() {
  return (await load('index')).memoryStore();
}

async function file() {
  return (await load('index')).fileStore({ directory: tmpdir() });
}

async function cookie() {
  return (await load('index')).cookieStore({ keys: [randomBytes(32).toString('base64url')] });
}

/** On a database that is never opened. */
async function typeOrm() {
  const { SessionEntity, TypeOrmStore } = await load('typeorm');
  const { DataSource } = await import('typeorm');
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: 'never-opened.sqlite',
    entities: [SessionEntity],
  });
  return { useFactory: () => new TypeOrmStore(dataSource, SessionEntity) };
}

async function cached() {
  const { CachedStore, memoryCache } = await load('index');
  const database = (await typeOrm()).useFactory();
  return { useFactory: () => new CachedStore(database, memoryCache()) };
}

async function redis() {
  const { createClient } = await import('redis');
  return (await load('redis')).redisStore({ client: createClient() });
}

async function cacheManager() {
  const { createCache } = await import('cache-manager');
  return (await load('cache-manager')).cacheManagerStore({ cache: createCache() });
}

async function expressSession() {
  const { default: session } = await import('express-session');
  return (await load('express-session')).expressSessionStore(new session.MemoryStore());
}

/** What Jest says: its results, and whether it was content. */
function runSuites() {
  const directory = mkdtempSync(join(tmpdir(), 'nest-sessions-guarantees-'));
  const outputFile = join(directory, 'results.json');
  const jest = ['--experimental-vm-modules', '--no-warnings', join(root, 'node_modules/jest/bin/jest.js')];
  const flags = ['--json', `--outputFile=${outputFile}`, '--reporters=default', ...process.argv.slice(2)];
  try {
    // The same JSON also goes to stdout, where nobody wants it.
    const { status } = spawnSync(process.execPath, [...jest, ...SUITES, ...flags], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (!existsSync(outputFile)) throw new Error(`Jest has ended with ${status} and left no results.`);
    return { isContent: status === 0, files: JSON.parse(readFileSync(outputFile, 'utf8')).testResults };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function tallyOf(tests) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const { status } of tests) tally[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
  return tally;
}

function show({ passed, failed, skipped }) {
  const parts = Object.entries({ passed, failed, skipped }).filter(([, count]) => count > 0);
  return parts.map(([status, count]) => `${MARKS[status]}${count}`).join(' ');
}

/** Every test with its file, its store and its guarantee. A file that cannot be loaded counts as one that failed. */
function testsOf(results) {
  return results.flatMap(({ name, status, assertionResults }) => {
    const broken = status === 'failed' && assertionResults.length === 0;
    const tests = broken ? [{ title: 'loads', ancestorTitles: [], status }] : assertionResults;
    return tests.map((test) => {
      const spec = basename(name);
      const title = [...test.ancestorTitles, test.title].join(' ');
      return {
        spec,
        title: test.title,
        status: test.status,
        store: STORES.find(({ files, titles }) => files.test(spec) || titles.test(title)),
        guarantee: GUARANTEES.find(({ files, titles = /./ }) => files.test(spec) && titles.test(title)),
      };
    });
  });
}

async function row(store, tests) {
  const own = tests.filter((test) => test.store === store);
  const capabilities = store.declared && (await store.declared()).useFactory().capabilities;
  return [
    store.name,
    capabilities ? WRITERS[capabilities.atomicCommit] : '',
    capabilities ? yesOrNo(capabilities.userIndex) : '',
    capabilities ? yesOrNo(capabilities.revocable) : '',
    ...GUARANTEES.map((guarantee) => show(tallyOf(own.filter((test) => test.guarantee === guarantee)))),
  ];
}

function yesOrNo(value) {
  return value ? 'yes' : 'NO';
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** What was left out, with why, each said once. */
function leftOut(tests) {
  const counts = new Map();
  for (const { spec, title } of tests.filter(({ status }) => status === 'pending')) {
    const line = `${spec}: ${/\(skipped[:,] (.*)\)$/.exec(title)?.[1] ?? title}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `  ${line}${count > 1 ? ` (${count} tests)` : ''}`);
}

if (!existsSync(join(root, 'dist/index.js'))) {
  console.error('There is no dist/: run `npm run build` first.');
  process.exit(2);
}

const { isContent, files } = runSuites();
const tests = testsOf(files);
const header = [
  'store',
  'no lost update',
  'list per user',
  'logout final',
  ...GUARANTEES.map(({ name }) => name),
];
const rows = await Promise.all(STORES.map((store) => row(store, tests)));

console.log(`\n${table([header, header.map((title) => '-'.repeat(title.length)), ...rows])}`);
console.log(`\n${MARKS.passed} passed  ${MARKS.failed} failed  ${MARKS.skipped} skipped`);
console.log(
  'cachedStore has the promises of its database, and cookieStore with `revocation` those of that store.',
);
const skipped = leftOut(tests);
if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.join('\n')}`);
process.exitCode = isContent ? 0 : 1;
