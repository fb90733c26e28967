/**
 * Packs what is in dist/ and tries the package in applications with other versions of NestJS, TypeORM, Redis and
 * Node.js: each set of packages is installed in a project of its own, where one suite is type-checked and run over real
 * sockets. Ends with 1 when a test has failed.
 *
 * Run it after `npm run build`. It needs the npm registry, which gives the binaries of Node.js as well. The short form
 * takes two sets; `--all` takes every one. Stores on a server are skipped where it does not answer; with
 * REQUIRE_SERVERS=1 that is a failure.
 */
import { mkdtempSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SETS } from './combinations.mjs';
import { Project, run } from './project.mjs';
import { table } from './table.mjs';

const HELP = `Usage: npm run test:compat -- [--all]

Tries the package in applications with other versions of what is around it.

  --all   every set of packages on every version of Node.js; without it: two sets, on two versions each
`;

const root = resolve(import.meta.dirname, '../..');
const manifest = readJson('package.json');
const locked = readJson('package-lock.json').packages;
const isWhole = process.argv.includes('--all');
if (process.argv.includes('--help')) {
  say(HELP);
  process.exit();
}

const workspace = mkdtempSync(join(tmpdir(), `${manifest.name}-compat-`));
process.once('exit', () => rmSync(workspace, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const rows = [];
const failures = [];
/** Why tests were skipped, and where: `reason → titles`. */
const skips = new Map();

const sets = SETS.map((set) => ({ ...set, nodes: isWhole ? set.nodes : set.inShort }));
const chosen = sets.filter(({ nodes }) => nodes.length > 0);
const [tarball, binaries] = await Promise.all([pack(), installNodes(chosen.flatMap(({ nodes }) => nodes))]);
await eachAtOnce(chosen, availableParallelism(), trySet);
report();

async function pack() {
  const absent = Object.values(manifest.exports)
    .flatMap((entry) => Object.values(Object(entry)))
    .filter((file) => file.startsWith('./dist/') && !existsSync(join(root, file)));
  if (absent.length > 0)
    throw new Error(`not built: ${absent.join(', ')} missing; run "npm run build" first`);
  const options = ['--json', '--ignore-scripts', '--pack-destination', workspace];
  const { code, text } = await run('npm', ['pack', ...options], { cwd: root });
  if (code !== 0) throw new Error(`npm pack ended with ${code}\n${text}`);
  return join(workspace, `${manifest.name}-${manifest.version}.tgz`);
}

/** Node.js in these versions: `version → executable`. The running one stands for the latest of its own line. */
async function installNodes(versions) {
  const [own] = process.versions.node.split('.');
  const wanted = [...new Set(versions)].filter((version) => version !== own);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const packages = wanted.map((version) => [
    `node-${version}`,
    `npm:node-${platform}-${process.arch}@${version}`,
  ]);
  const project = new Project(join(workspace, 'nodes'));
  if (wanted.length > 0) await project.install(Object.fromEntries(packages));
  const executable = (version) =>
    join(
      project.directory,
      'node_modules',
      `node-${version}`,
      'bin',
      platform === 'win' ? 'node.exe' : 'node',
    );
  return new Map([[own, process.execPath], ...wanted.map((version) => [version, executable(version)])]);
}

async function trySet({ title, packages, nodes, isForced, isNative, hidesTypes }) {
  const project = new Project(join(workspace, title.replaceAll(/[^\w.]+/g, '-')));
  const native = isWhole && isNative ? { 'better-sqlite3': '12' } : {};
  try {
    await project.install(
      { ...packages, ...native, [manifest.name]: `file:${tarball}`, ...pinned('@types/node', '@types/ws') },
      { isForced, hasScripts: Object.keys(native).length > 0 },
    );
  } catch (error) {
    fail(`${title}: it can be installed`, error.message);
    return;
  }
  const complaints = await project.compile();
  if (complaints && !hidesTypes) fail(`${title}: the suite type-checks`, complaints);
  for (const node of nodes) await trySuite(project, title, node);
}

async function trySuite(project, title, node) {
  const started = performance.now();
  const executable = binaries.get(node);
  const { results, failure } = await project.test(executable, `results-${node}.jsonl`);
  const where = `${title}, Node.js ${node}`;
  if (failure) fail(`${where}: it runs`, failure);
  for (const { status, title: test, reason } of results) {
    if (status === 'failed') fail(`${where}: ${test}`, reason);
    if (status === 'skipped') skips.set(reason, [...(skips.get(reason) ?? []), `${where}: ${test}`]);
  }
  const count = (wanted) => results.filter(({ status }) => status === wanted).length;
  const { text } = await run(executable, ['--version'], { cwd: project.directory });
  const row = {
    'Node.js': text.trim().slice(1),
    NestJS: project.version('@nestjs/core'),
    Express: project.version('express'),
    Fastify: project.version('fastify'),
    TypeORM: project.version('typeorm'),
    redis: project.version('redis'),
    keyv: project.version('keyv'),
    passed: count('passed'),
    skipped: count('skipped'),
    failed: count('failed') + (failure ? 1 : 0),
  };
  rows.push(row);
  const seconds = Math.round((performance.now() - started) / 1000);
  say(`${row.failed === 0 ? 'ok    ' : 'FAILED'}  ${where}: ${row.passed} tests pass (${seconds} s)`);
}

function report() {
  say(`\n${table(rows)}\n`);
  for (const [reason, titles] of skips) {
    say(`Skipped: ${reason}`);
    const suites = new Set(titles.map((title) => title.replace(/^.*?Node\.js [\d.]+: /, '')));
    for (const suite of suites) say(`  ${suite}`);
  }
  for (const { title, reason } of failures) say(`\nFAILED  ${title}\n${indent(reason)}`);
  const passed = rows.reduce((total, row) => total + row.passed, 0);
  say(
    failures.length === 0 && passed > 0
      ? `\nCompatibility: all ${passed} tests pass, in ${rows.length} combinations`
      : `\nCompatibility: ${failures.length} FAILED; ${passed} tests pass, in ${rows.length} combinations`,
  );
  process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
}

/** Does the work for every item, so many at a time. */
async function eachAtOnce(items, width, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Packages as this repository has them locked. */
function pinned(...names) {
  return Object.fromEntries(names.map((name) => [name, locked[`node_modules/${name}`].version]));
}

function fail(title, reason) {
  failures.push({ title, reason });
}

function indent(text) {
  return `        ${text.trim().replaceAll('\n', '\n        ')}`;
}

function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
