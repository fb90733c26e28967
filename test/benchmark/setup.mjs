/**
 * Installs what the benchmarks need, into this folder alone: the peers, Node.js 24, and this checkout of the package, as
 * `npm pack` would publish it. Run it again to measure what has changed in `lib/`: `--package-only` leaves out the rest.
 * `--this-node` leaves out Node.js 24. SQLite's addon is the one of the checkout, which is installed where it is not.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const root = resolve(here, '../..');
const work = mkdtempSync(join(tmpdir(), 'nest-sessions-bench-setup-'));
const npm = process.env.npm_execpath;
/** Node.js 24 is an optional dependency. */
const without = process.argv.includes('--this-node') ? ['--omit=optional'] : [];

function run(cwd, command, ...args) {
  return runWith({}, cwd, command, ...args);
}

function runWith(variables, cwd, command, ...args) {
  const env = { ...process.env, ...variables };
  return execFileSync(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
}

function runNpm(cwd, ...args) {
  return npm ? run(cwd, process.execPath, npm, ...args) : run(cwd, 'npm', ...args);
}

function step(title) {
  console.log(`- ${title}`);
}

/** SQLite's addon for another Node.js than the one that installs. Without it that one goes without SQLite. */
function buildSqlite(node, headers) {
  const { modules } = JSON.parse(run(here, node, '-p', 'JSON.stringify(process.versions)'));
  const file = join(here, `node_modules/.sqlite/better_sqlite3-${modules}.node`);
  if (modules === process.versions.modules || existsSync(file)) {
    return;
  }
  step(`better-sqlite3 for Node.js ${run(here, node, '--version').trim()} (takes a minute)`);
  const copy = join(work, 'better-sqlite3');
  cpSync(join(root, 'node_modules/better-sqlite3'), copy, { recursive: true });
  rmSync(join(copy, 'build'), { recursive: true, force: true });
  const gyp = createRequire(
    npm ?? join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js'),
  ).resolve('node-gyp/bin/node-gyp.js');
  try {
    // node-gyp minds the variable more than the argument, and npm may have set it for its own Node.js.
    runWith({ npm_config_nodedir: headers }, copy, node, gyp, 'rebuild', '--release', '--loglevel=error');
    const built = join(copy, 'build/Release/better_sqlite3.node');
    run(here, node, '-e', 'process.dlopen({ exports: {} }, process.argv[1])', built);
    mkdirSync(join(here, 'node_modules/.sqlite'), { recursive: true });
    cpSync(built, file);
  } catch (error) {
    console.warn(`  could not be built, so SQLite is left out there: ${error.message}`);
  }
}

function installCheckout() {
  if (!existsSync(join(root, 'node_modules/typescript'))) {
    step('what the checkout needs (takes some minutes)');
    runNpm(root, 'ci', '--no-audit', '--no-fund');
  }
}

function installPackage() {
  step('this checkout of nest-sessions');
  const packed = join(work, 'package');
  mkdirSync(packed);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  run(root, process.execPath, compiler, '-p', 'tsconfig.build.json', '--outDir', join(packed, 'dist'));
  for (const file of ['package.json', 'README.md', 'LICENSE']) {
    cpSync(join(root, file), join(packed, file));
  }
  const [{ filename }] = JSON.parse(runNpm(packed, 'pack', '--json', '--ignore-scripts', '--silent'));
  runNpm(
    here,
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--silent',
    ...without,
    join(packed, filename),
  );
  writeFileSync(join(here, 'node_modules/nest-sessions/commit.txt'), `${commit()}\n`);
}

/** What has been measured, for the heading of the tables. */
function commit() {
  try {
    const hash = run(root, 'git', 'rev-parse', '--short', 'HEAD').trim();
    return run(root, 'git', 'status', '--porcelain', '--', 'lib').trim() ? `${hash} and changes` : hash;
  } catch {
    return 'unknown';
  }
}

try {
  installCheckout();
  if (!process.argv.includes('--package-only')) {
    step('the peers');
    runNpm(here, 'ci', '--no-audit', '--no-fund', ...without);
    const node24 = join(here, 'node_modules/node24');
    if (existsSync(join(node24, 'bin/node'))) {
      // Before the next `npm install`, which tidies the headers away.
      buildSqlite(
        join(node24, 'bin/node'),
        join(node24, `node_modules/node-${process.platform}-${process.arch}`),
      );
    }
  }
  installPackage();
} finally {
  rmSync(work, { recursive: true, force: true });
}
