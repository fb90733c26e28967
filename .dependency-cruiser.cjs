/**
 * The architecture of lib/ as rules, run by `npm run lint:architecture`. Type-only imports count like all others.
 *
 *   entry points → session.module → live → http → session.service → core → the store contract
 *
 * An import may point to the right and never to the left. Features and store implementations stand beside that
 * line: the features use it, the stores implement its last part, and only the entry points know them.
 */
const { bin = {}, exports: entries } = require('./package.json');

const ENTRY = '^lib/[^/.]+\\.ts$';
const MODULE = '^lib/(?!session\\.service\\.)[^/.]+\\.[^/]+\\.ts$';
const LIVE = '^lib/live/';
const HTTP = '^lib/http/';
const SERVICE = '^lib/session\\.service\\.ts$';
const OPTIONS = '^lib/options/';
const CORE = '^lib/core/';
const CONTRACT = '^lib/stores/session-[^/]+\\.ts$';
const STORES = '^lib/stores/(?!session-)';
const FEATURES = ['csrf', 'handoff', 'oidc', 'cli', 'testing'];
const FEATURE = `^lib/(?:${FEATURES.join('|')})/`;

/** Layer by layer: the files it is made of, and all that they may import from lib/. */
const LAYERS = {
  module: { files: MODULE, mayImport: [MODULE, LIVE, HTTP, SERVICE, OPTIONS, CORE, CONTRACT, STORES] },
  live: { files: LIVE, mayImport: [LIVE, HTTP, SERVICE, OPTIONS, CORE, CONTRACT] },
  http: { files: HTTP, mayImport: [HTTP, SERVICE, OPTIONS, CORE, CONTRACT] },
  service: { files: SERVICE, mayImport: [CORE, CONTRACT] },
  options: { files: OPTIONS, mayImport: [OPTIONS, CORE, CONTRACT] },
  core: { files: CORE, mayImport: [CORE, '^lib/stores/session-(?:store|record)\\.ts$'] },
  contract: { files: CONTRACT, mayImport: [CONTRACT] },
  'small-store': {
    files: '^lib/stores/(?!session-)([^/.]+)\\.[^/]+$',
    mayImport: ['^lib/stores/$1\\.', CONTRACT],
  },
  store: { files: '^lib/stores/([^/]+)/', mayImport: ['^lib/stores/$1/', CONTRACT] },
  feature: {
    files: `^lib/(${FEATURES.join('|')})/`,
    mayImport: ['^lib/$1/', HTTP, SERVICE, OPTIONS, CORE, CONTRACT],
  },
};

/** The stores that need an optional peer, by the name of their folder and their entry point. */
const OPTIONAL_PEERS = {
  typeorm: ['typeorm', '@nestjs/typeorm'],
  'cache-manager': ['cache-manager', 'keyv', '@nestjs/cache-manager'],
  redis: ['redis', '@redis/[^/]+'],
  'express-session': ['express-session'],
};

const sourceOf = (built) => built.replace('./dist/', 'lib/').replace(/\.js$/, '.ts');
const literally = (text) => text.replaceAll('.', '\\.');
const ROOTS = [...Object.values(entries), ...Object.values(bin)]
  .map((entry) => sourceOf(entry.default ?? entry))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `^${literally(file)}$`);

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const layerRules = Object.entries(LAYERS).map(([name, { files, mayImport }]) =>
  forbid(
    `layer-${name}`,
    'Imports point down only. Move the code to the layer that needs it, or pass it in from above.',
    { path: files },
    { path: '^lib/', pathNot: mayImport },
  ),
);

const optionalPeerRules = Object.entries(OPTIONAL_PEERS).flatMap(([name, packages]) => {
  const own = [`^lib/${name}\\.ts$`, `^lib/stores/${name}/`];
  return [
    forbid(
      `optional-peer-${name}`,
      `Whoever does not use the ${name} store has not installed its packages; types need them too.`,
      { path: '^lib/', pathNot: own },
      { path: `(?:^|node_modules/)(?:@types/)?(?:${packages.join('|')})(?:/|$)` },
    ),
    forbid(
      `optional-store-${name}`,
      `Reached through the entry point ${name} only, and by the module through import() when it is needed.`,
      { path: '^lib/', pathNot: [...own, MODULE] },
      { path: `^lib/stores/${name}/` },
    ),
  ];
});

module.exports = {
  forbidden: [
    forbid('no-cycle', 'Cut it where the lower file knows the higher one.', {}, { circular: true }),
    forbid(
      'no-barrel-inside',
      'Import from the file that declares it. Entry points are for users, and there are no barrels below lib/.',
      { path: '^lib/' },
      { path: [ENTRY, '^lib/.+/index\\.ts$'] },
    ),
    forbid(
      'entry-only-re-exports',
      'An entry point holds `export … from` and nothing else.',
      { path: ENTRY },
      { dependencyTypes: ['import', 'dynamic-import', 'require', 'import-equals', 'type-import'] },
    ),
    ...layerRules,
    forbid(
      'module-loads-stores-on-demand',
      'The module knows a store only through import(), so that its packages stay optional.',
      { path: MODULE },
      { path: STORES, dynamic: false },
    ),
    ...optionalPeerRules,
    forbid(
      'class-transformer-on-demand',
      'Whoever gives no class as the option `data` has not installed it: load it through import().',
      { path: '^lib/' },
      { path: '(?:^|node_modules/)class-transformer(?:/|$)', dynamic: false },
    ),
    forbid(
      'entry-owns-its-feature',
      'A feature is exported by the entry point of its own name only.',
      { path: '^lib/([^/.]+)\\.ts$' },
      { path: FEATURE, pathNot: '^lib/$1/' },
    ),
    forbid(
      'lib-is-self-contained',
      'What is shipped does not reach into tests, samples or configuration.',
      { path: '^lib/' },
      { path: '^(?!lib/|node_modules/)', dependencyTypes: ['local', 'localmodule', 'aliased'] },
    ),
    forbid(
      'known-place',
      'A file belongs to a layer, a store, a feature or an entry point; a new place needs its rule here.',
      {},
      {
        path: '^lib/',
        pathNot: [ENTRY, MODULE, LIVE, HTTP, SERVICE, OPTIONS, CORE, CONTRACT, STORES, FEATURE],
      },
    ),
    forbid(
      'no-dev-dependency',
      'Users do not have it. Make it a dependency or a peer, or do without.',
      { path: '^lib/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'] },
    ),
    forbid(
      'no-undeclared-dependency',
      'package.json does not name it.',
      { path: '^lib/' },
      {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-dev', 'npm-peer', 'npm-optional'],
      },
    ),
    forbid('no-unresolved', 'There is no such file or package.', {}, { couldNotResolve: true }),
    forbid('no-orphan', 'Nothing imports it, and it imports nothing.', { orphan: true, path: '^lib/' }, {}),
    forbid(
      'no-unreachable',
      'No entry point leads to it: export it, use it, or delete it.',
      { path: ROOTS },
      { path: '^lib/', pathNot: ROOTS, reachable: false },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
