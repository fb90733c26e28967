import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { between, randomInt } from '../support/chance.js';
import type { Place } from '../support/place.js';
import { openSessionTable } from '../support/session-table.js';
import { SmallDisk } from '../support/small-disk.js';
import { CuttingProxy } from './cutting.proxy.js';
import { ownMariaDb, ownPostgres, ownRedis, programOf, type OwnedServer } from './servers.js';

/** Something bad that is over when it has resolved. */
export interface Fault {
  readonly kind: string;
  readonly run: () => Promise<void>;
}

/** A store of our own, and all the bad that can happen to it. */
export interface Ground {
  readonly place: Place;
  readonly faults: readonly Fault[];
  remove(): Promise<void>;
}

/** A kind of store to be tortured. */
export interface GroundKind {
  readonly name: string;
  /** How many processes of the application may share it. */
  readonly processes: number;
  /** Whether sessions can be found by their users. */
  readonly canList: boolean;
  /** Why it cannot be made here. */
  readonly unavailable: string | undefined;
  readonly make: () => Promise<Ground>;
}

type Defer = (undo: () => unknown) => void;

function missing(...programs: string[]): string | undefined {
  const absent = programs.filter((program) => !programOf(program));
  return absent.length > 0 ? `${absent.join(', ')} is not installed` : undefined;
}

const cannotMount = SmallDisk.isAllowed ? undefined : 'mounting a small disk is not permitted here';

export const grounds: readonly GroundKind[] = [
  kind('redis', missing('redis-server'), async (defer) => {
    const { port, faults } = await behindProxy('redis', ownRedis, defer);
    return { place: { kind: 'redis', url: redisAt(port) }, faults };
  }),
  kind('postgres', missing('initdb', 'postgres'), async (defer) => {
    const { port, faults } = await behindProxy('postgres', ownPostgres, defer);
    return { place: { kind: 'typeOrm', database: await withTable(postgresAt(port)) }, faults };
  }),
  kind('mariadb', missing('mariadb-install-db', 'mariadbd'), async (defer) => {
    const { port, faults } = await behindProxy('mariadb', ownMariaDb, defer);
    return { place: { kind: 'typeOrm', database: await withTable(mariaDbAt(port)) }, faults };
  }),
  kind('file', cannotMount, async (defer) => {
    const { directory, disk } = await smallDisk(defer);
    return { place: { kind: 'file', directory }, faults: [fullDisk(disk)] };
  }),
  kind('sqlite', cannotMount, async (defer) => {
    const { directory, disk } = await smallDisk(defer);
    const path = join(directory, 'sessions.sqlite');
    const database = await withTable({ type: 'better-sqlite3', database: path, enableWAL: true });
    return { place: { kind: 'typeOrm', database }, faults: [fullDisk(disk), lockedDatabase(path)] };
  }),
  kind('cached', missing('redis-server', 'initdb', 'postgres'), async (defer) => {
    const cache = await behindProxy('cache', ownRedis, defer);
    const { port, faults } = await behindProxy('postgres', ownPostgres, defer);
    const database = await withTable(postgresAt(port));
    return {
      place: { kind: 'cached', database, cache: { url: redisAt(cache.port) } },
      faults: [...faults, ...cache.faults],
    };
  }),
  {
    ...kind('cache-manager', missing('redis-server'), async (defer) => {
      const { port, faults } = await behindProxy('redis', ownRedis, defer);
      return { place: { kind: 'cacheManager', url: redisAt(port) }, faults };
    }),
    // It promises no more than that one process loses nothing.
    processes: 1,
    canList: false,
  },
];

function kind(
  name: string,
  unavailable: string | undefined,
  make: (defer: Defer) => Promise<Omit<Ground, 'remove'>>,
): GroundKind {
  return {
    name,
    processes: 3,
    canList: true,
    unavailable,
    make: async () => {
      const undo: (() => unknown)[] = [];
      const remove = async (): Promise<void> => {
        for (let step = undo.pop(); step; step = undo.pop()) await step();
      };
      try {
        return { ...(await make((step) => void undo.push(step))), remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },
  };
}

async function behindProxy(name: string, start: () => Promise<OwnedServer>, defer: Defer) {
  const owned = await start();
  defer(() => owned.remove());
  const proxy = new CuttingProxy(owned.port);
  await proxy.open();
  defer(() => proxy.shut());
  return { port: proxy.port, faults: faultsOf(name, owned, proxy) };
}

function faultsOf(name: string, { server }: OwnedServer, proxy: CuttingProxy): Fault[] {
  return [
    {
      kind: `${name} killed`,
      run: () =>
        away(
          () => server.kill(),
          () => server.start(),
        ),
    },
    {
      kind: `${name} restarted`,
      run: () =>
        away(
          () => server.stop(),
          () => server.start(),
        ),
    },
    {
      kind: `${name} frozen`,
      run: () =>
        away(
          () => server.freeze(),
          () => server.thaw(),
        ),
    },
    {
      kind: `${name} unreachable`,
      run: () =>
        away(
          () => proxy.shut(),
          () => proxy.open(),
        ),
    },
    { kind: `${name} cut off`, run: () => repeatedly(() => proxy.cut()) },
    { kind: `${name} cut half way`, run: () => repeatedly(() => proxy.cutAfter(randomInt(600))) },
  ];
}

async function away(begin: () => unknown, end: () => unknown): Promise<void> {
  await begin();
  await pause(between(100, 2_000));
  await end();
}

async function repeatedly(act: () => void): Promise<void> {
  for (let times = 2 + randomInt(6); times > 0; times--) {
    act();
    await pause(between(20, 200));
  }
}

async function smallDisk(defer: Defer) {
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  defer(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'disk');
  const disk = await SmallDisk.mount(path, '64m');
  defer(() => disk.unmount());
  return { directory: path, disk };
}

function fullDisk(disk: SmallDisk): Fault {
  return {
    kind: 'disk full',
    run: () =>
      away(
        () => disk.fill(),
        () => disk.empty(),
      ),
  };
}

function lockedDatabase(path: string): Fault {
  return {
    kind: 'database locked',
    run: async () => {
      const database = await new DataSource({
        type: 'better-sqlite3',
        database: path,
        timeout: 10_000,
      }).initialize();
      try {
        await database.query('BEGIN IMMEDIATE');
        await pause(between(100, 2_000));
        await database.query('ROLLBACK');
      } finally {
        await database.destroy();
      }
    },
  };
}

function redisAt(port: number): string {
  return `redis://127.0.0.1:${port}`;
}

function postgresAt(port: number): DataSourceOptions {
  return { type: 'postgres', host: '127.0.0.1', port, username: 'postgres', database: 'postgres' };
}

function mariaDbAt(port: number): DataSourceOptions {
  return { type: 'mariadb', host: '127.0.0.1', port, username: 'root', database: 'mysql' };
}

async function withTable(database: DataSourceOptions): Promise<DataSourceOptions> {
  const dataSource = await openSessionTable(database);
  await dataSource.destroy();
  return database;
}
