/**
 * Packs what is in dist/ and uses the package as a stranger would: installed from the tarball, first without the
 * optional peers and then with them, by `import`, by `require` and by the type checker.
 *
 * Run it after `npm run build`. It needs the npm registry.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What each entry point must export, and the optional peers without which it cannot be imported. */
const ENTRY_POINTS = {
  '.': { names: ['SessionModule', 'SessionService', 'Session', 'SessionStore', 'memoryStore'], needs: [] },
  './typeorm': { names: ['typeOrmStore', 'SessionEntity'], needs: ['typeorm', '@nestjs/typeorm'] },
  './redis': { names: ['redisStore', 'RedisStore'], needs: [] },
  './cache-manager': { names: ['cacheManagerStore', 'CacheManagerStore'], needs: [] },
  './express-session': { names: ['expressSessionStore', 'ExpressSessionStore'], needs: [] },
  './csrf': { names: ['CsrfModule', 'CsrfService', 'CsrfToken', 'CsrfExempt'], needs: [] },
  './handoff': { names: ['HandoffModule', 'ownPath'], needs: [] },
  './oidc': { names: ['OidcLogoutModule', 'OidcLogoutOptionsError'], needs: [] },
  './testing': { names: ['describeSessionStore'], needs: [] },
};
const REQUIRED_PEERS = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];
const BESIDE_DIST = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
const ALWAYS_PACKED = ['LICENSE', 'README.md', 'package.json'];

/** Tells the names that a module exports, or why it cannot be loaded. */
const OUTCOME = `
export async function tell(load) {
  let outcome;
  try {
    outcome = { exported: Object.keys(await load(process.argv[2])) };
  } catch (error) {
    outcome = { error: { code: error.code, message: error.message } };
  }
  process.stdout.write(JSON.stringify(outcome));
}
`;

/** Tells the names under which the two ways of loading a module give different things. */
const IDENTITY = `
const required = require(process.argv[2]);
import(process.argv[2]).then((imported) => {
  const names = new Set([...Object.keys(required), ...Object.keys(imported)]);
  process.stdout.write(JSON.stringify([...names].filter((name) => required[name] !== imported[name])));
});
`;

/** An application as the README would have it, for the type checker. */
const APPLICATION = `
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { memoryStore, Session, SessionModule, SessionService } from 'nest-sessions';

declare module 'nest-sessions' {
  interface SessionData {
    visits?: number;
  }
}

@Controller()
export class VisitsController {
  @Get()
  count(@Session() session: Session): number {
    const visits = session.get('visits', 0) + 1;
    // @ts-expect-error: the data are typed
    session.data.visits = String(visits);
    session.data.visits = visits;
    return visits;
  }
}

@Injectable()
export class VisitsService {
  constructor(private readonly sessions: SessionService) {}

  async forget(): Promise<void> {
    const session: Session = await this.sessions.current();
    await session.flush();
  }
}

@Module({
  imports: [SessionModule.forRoot({ store: memoryStore(), idleTimeout: '2h' })],
  controllers: [VisitsController],
  providers: [VisitsService],
})
export class AppModule {}
`;

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    noEmit: true,
  },
  include: ['*.ts', '*.cts'],
};

const root = resolve(import.meta.dirname, '../..');
const manifest = readJson('package.json');
const locked = readJson('package-lock.json').packages;
const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'));
const peers = Object.keys(manifest.peerDependencies ?? {});
const optionalPeers = peers.filter((peer) => manifest.peerDependenciesMeta?.[peer]?.optional);
const requiredPeers = peers.filter((peer) => !optionalPeers.includes(peer));

let checks = 0;
let failures = 0;
const workspace = mkdtempSync(join(tmpdir(), `${manifest.name}-packaging-`));
const consumer = join(workspace, 'consumer');
process.once('exit', () => rmSync(workspace, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

try {
  requireBuild();
  const tarball = pack();
  checkManifest();

  createConsumer();
  say('\nWith the required peers only');
  install(tarball.path, ...REQUIRED_PEERS.map(pinned), pinned('@types/node'));
  for (const peer of optionalPeers) check(`${peer} is not installed`, () => expectAbsent(peer));
  for (const entry of entries) {
    const missing = ENTRY_POINTS[entry]?.needs ?? [];
    if (missing.length === 0) checkImports(entry);
    else checkRefusal(entry, missing);
  }
  checkTypes(entries.filter((entry) => !ENTRY_POINTS[entry]?.needs.length));

  say('\nWith the optional peers');
  install(...optionalPeers.map(pinned));
  for (const entry of entries) checkImports(entry);
  checkTypes(entries);
} catch (error) {
  failures++;
  say(`FAILED  ${error.message}`);
}
say(
  failures === 0
    ? `\nPackaging: all ${checks} checks hold`
    : `\nPackaging: ${failures} FAILED, of ${checks} checks`,
);
process.exitCode = failures === 0 ? 0 : 1;

function requireBuild() {
  const built = Object.values(manifest.exports).flatMap((entry) => Object.values(Object(entry)));
  const absent = built.filter((file) => file.startsWith('./dist/') && !existsSync(join(root, file)));
  if (absent.length > 0)
    throw new Error(`not built: ${absent.join(', ')} missing; run "npm run build" first`);
}

function pack() {
  say('The tarball');
  const options = ['--json', '--ignore-scripts', '--pack-destination', workspace];
  const report = JSON.parse(run('npm', ['pack', ...options], { cwd: root }));
  const [packed] = Array.isArray(report) ? report : Object.values(report);
  const paths = packed.files.map((file) => file.path);
  const inDist = paths.filter((path) => path.startsWith('dist/'));

  check(`holds dist/ and beside it only ${BESIDE_DIST.join(', ')}`, () =>
    expectNone(paths.filter((path) => !path.startsWith('dist/') && !BESIDE_DIST.includes(path))),
  );
  for (const path of ALWAYS_PACKED)
    check(`holds ${path}`, () => expectNone(paths.includes(path) ? [] : [path]));
  check('holds nothing in dist/ but JavaScript and declarations', () =>
    expectNone(inDist.filter((path) => !/\.(?:js|d\.ts)$/.test(path))),
  );
  check('holds exactly what lib/ compiles to', () => {
    const sources = readdirSync(join(root, 'lib'), { recursive: true }).filter((path) =>
      path.endsWith('.ts'),
    );
    const stems = sources.map((path) => `dist/${path.slice(0, -'.ts'.length).replaceAll('\\', '/')}`);
    const expected = new Set(stems.flatMap((stem) => [`${stem}.js`, `${stem}.d.ts`]));
    const extra = inDist.filter((path) => !expected.has(path));
    const absent = [...expected].filter((path) => !inDist.includes(path));
    expectNone([
      ...extra.map((path) => `${path} has no source`),
      ...absent.map((path) => `${path} is missing`),
    ]);
  });
  return { path: join(workspace, packed.filename) };
}

function checkManifest() {
  check(`the required peers are ${REQUIRED_PEERS.join(', ')}`, () =>
    expectSame(requiredPeers.toSorted(), REQUIRED_PEERS),
  );
  check('every package that an entry point needs is an optional peer', () => {
    const needed = entries.flatMap((entry) => ENTRY_POINTS[entry]?.needs ?? []);
    expectNone(needed.filter((peer) => !optionalPeers.includes(peer)));
  });
  check('every entry point has types and a default condition, in this order', () =>
    expectNone(entries.filter((entry) => Object.keys(manifest.exports[entry]).join() !== 'types,default')),
  );
  check(
    'TypeScript finds the types of every entry point where it looks at no exports (moduleResolution node10)',
    () => {
      const { types, typesVersions, exports } = manifest;
      const old = { '.': types && `./${types.replace(/^\.\//, '')}` };
      for (const [name, [file]] of Object.entries(typesVersions['*'])) old[`./${name}`] = file;
      expectNone(entries.filter((entry) => old[entry] !== exports[entry].types));
    },
  );
}

function createConsumer() {
  mkdirSync(consumer);
  write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  write('outcome.mjs', OUTCOME);
  write('by-import.mjs', `import { tell } from './outcome.mjs';\nawait tell((name) => import(name));\n`);
  write('by-require.cjs', `require('./outcome.mjs').tell((name) => require(name));\n`);
  write('identity.cjs', IDENTITY);
}

function install(...packages) {
  if (packages.length === 0) return;
  run('npm', ['install', '--no-audit', '--no-fund', '--omit=optional', '--save-exact', ...packages], {
    cwd: consumer,
  });
}

/** `name@version` as this repository has it locked. */
function pinned(name) {
  const version = locked[`node_modules/${name}`]?.version;
  if (!version) throw new Error(`${name} is not in package-lock.json: add it to the devDependencies`);
  return `${name}@${version}`;
}

function checkImports(entry) {
  const name = specifier(entry);
  for (const form of ['import', 'require']) {
    check(`${form} of ${name} gives what it promises`, () => {
      const { exported, error } = load(form, name);
      if (error) throw new Error(`${error.code ?? 'Error'}: ${error.message}`);
      const names = ENTRY_POINTS[entry]?.names;
      if (!names) throw new Error('add this entry point to ENTRY_POINTS');
      expectNone(
        names.filter((wanted) => !exported.includes(wanted)).map((wanted) => `${wanted} is not exported`),
      );
    });
  }
  check(`import and require of ${name} give the same classes`, () => {
    const different = JSON.parse(run(process.execPath, ['identity.cjs', name], { cwd: consumer }));
    expectNone(different);
  });
}

/** Imported without its peers, an entry point fails for them and for nothing else. */
function checkRefusal(entry, missing) {
  const name = specifier(entry);
  for (const form of ['import', 'require']) {
    check(`${form} of ${name} fails for want of ${missing.join(' or ')} and nothing else`, () => {
      const { error } = load(form, name);
      if (!error) throw new Error('it can be imported');
      const wanted = /Cannot find package '([^']+)'/.exec(error.message)?.[1];
      if (error.code !== 'ERR_MODULE_NOT_FOUND' || !missing.includes(wanted)) {
        throw new Error(`${error.code ?? 'Error'}: ${error.message}`);
      }
    });
  }
}

function load(form, name) {
  const file = form === 'import' ? 'by-import.mjs' : 'by-require.cjs';
  return JSON.parse(run(process.execPath, [file, name], { cwd: consumer }));
}

function checkTypes(importable) {
  const imports = importable
    .map((entry, i) => `import * as entry${i} from '${specifier(entry)}';\n`)
    .join('');
  const uses = importable.map((_, i) => `void entry${i};\n`).join('');
  write('entries.ts', imports + uses);
  write('entries.cts', imports + uses);
  write('application.ts', APPLICATION);
  write('tsconfig.json', JSON.stringify(TSCONFIG));
  check(
    `a strict application type-checks against ${importable.map(specifier).join(', ')}, libraries included`,
    () => {
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      run(process.execPath, [compiler, '--project', '.', '--pretty', 'false'], { cwd: consumer });
    },
  );
}

function expectAbsent(name) {
  const code = `import(${JSON.stringify(name)}).then(() => process.exit(1), () => process.exit(0))`;
  const { status } = spawnSync(process.execPath, ['--eval', code], { cwd: consumer });
  if (status !== 0) throw new Error('something has installed it');
}

function expectNone(offenders) {
  if (offenders.length > 0) throw new Error(offenders.join('; '));
}

function expectSame(actual, expected) {
  if (actual.join() !== expected.join()) throw new Error(`found: ${actual.join(', ') || 'none'}`);
}

function check(title, body) {
  checks++;
  try {
    body();
    say(`ok      ${title}`);
  } catch (error) {
    failures++;
    say(`FAILED  ${title}\n        ${error.message.trim().replaceAll('\n', '\n        ')}`);
  }
}

/** Runs a command to its end and gives its standard output; anything but success is an error that shows both. */
function run(command, args, { cwd }) {
  const shell = command === 'npm' && process.platform === 'win32';
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, shell, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

function specifier(entry) {
  return manifest.name + entry.slice(1);
}

function readJson(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

function write(file, text) {
  writeFileSync(join(consumer, file), text);
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
