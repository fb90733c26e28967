/**
 * What the package is tried with: sets of packages that applications have side by side, and the versions of Node.js
 * that each of them runs on.
 */

/** Every supported line of Node.js, and the lowest version of it that `engines` allows. */
const LATEST = ['20', '22', '24', '26'];
const LOWEST = ['20.19.0', '22.12.0', '24.0.0'];

const PLATFORMS = ['common', 'core', 'platform-express', 'platform-fastify', 'platform-ws', 'websockets'];

/** The packages of NestJS, all of one version but for those that are told. */
function nest(version, others = {}) {
  const names = [...PLATFORMS, 'typeorm'].map((name) => `@nestjs/${name}`);
  return Object.fromEntries(names.map((name) => [name, others[name] ?? version]));
}

/** What every set has. Express 4 is there beside the Express of the platform, to see whether NestJS takes it. */
const COMMON = {
  'cache-manager': '7',
  'class-transformer': '0.5.1',
  express4: 'npm:express@4',
  pg: '8',
  'reflect-metadata': '0.2',
  rxjs: '7',
  'sql.js': '1',
  ws: '8',
};

/**
 * `inShort`: the versions of Node.js in the short run. `isNative`: in the whole run with a driver that is compiled, for
 * the running version. `isForced`: a package wants older peers than ours allows, and is not asked. `hidesTypes`: a
 * package keeps its types from `moduleResolution: nodenext`.
 */
export const SETS = [
  {
    title: 'NestJS 12, TypeORM 1',
    packages: { ...COMMON, ...nest('12'), typeorm: '1', redis: '6', keyv: '6' },
    nodes: LATEST,
    inShort: ['24', '26'],
    isNative: true,
  },
  {
    title: 'NestJS 11, TypeORM 0.3',
    packages: { ...COMMON, ...nest('11'), typeorm: '0.3', redis: '5', keyv: '5' },
    nodes: LATEST,
    inShort: ['20', '22'],
  },
  {
    title: 'NestJS 12, TypeORM 0.3',
    packages: { ...COMMON, ...nest('12'), typeorm: '0.3', redis: '5', keyv: '5' },
    nodes: LATEST,
    inShort: [],
  },
  {
    title: 'NestJS 11, TypeORM 1',
    packages: { ...COMMON, ...nest('11'), typeorm: '1', redis: '6', keyv: '6' },
    nodes: LATEST,
    inShort: [],
  },
  {
    title: 'the lowest of NestJS 11',
    packages: {
      ...COMMON,
      ...nest('11.0.0', { '@nestjs/platform-ws': '11.0.5' }),
      'cache-manager': '7.0.0',
      'reflect-metadata': '0.2.0',
      rxjs: '7.2.0',
      typeorm: '0.3.0',
      redis: '5.0.0',
      keyv: '5.3.3',
    },
    nodes: LOWEST,
    inShort: [],
    isForced: true,
    hidesTypes: true,
  },
  {
    title: 'the lowest of NestJS 12',
    packages: {
      ...COMMON,
      // 12.0.0 of the core wants NestJS 11 beside it.
      ...nest('12.0.1', { '@nestjs/typeorm': '12.0.0' }),
      'reflect-metadata': '0.2.0',
      rxjs: '7.2.0',
      typeorm: '1.0.0',
      redis: '6.0.0',
      keyv: '6.1.0',
    },
    nodes: LOWEST,
    inShort: [],
    isForced: true,
    hidesTypes: true,
  },
];
