import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../support/free-port.js';
import { OwnServer, type ServerCommand } from './own.server.js';

/** A server of our own with its data. */
export interface OwnedServer {
  readonly server: OwnServer;
  readonly port: number;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

/** Where Debian puts what is not for everybody's path. */
const MORE_PLACES = ['/usr/sbin', ...postgresPlaces()];

function postgresPlaces(): string[] {
  const versions = '/usr/lib/postgresql';
  return existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin')) : [];
}

/** The path of a program; `undefined` when it is not installed. */
export function programOf(name: string): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), ...MORE_PLACES];
  return places.map((place) => join(place, name)).find((path) => existsSync(path));
}

/** Forgets nothing that it has acknowledged. */
export async function ownRedis(): Promise<OwnedServer> {
  return own((directory, port) => {
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
    return {
      file: programOf('redis-server')!,
      args: [...args, '--appendonly', 'yes', '--appendfsync', 'always'],
      ready: /Ready to accept connections/,
      stopSignal: 'SIGTERM',
    };
  });
}

export async function ownPostgres(): Promise<OwnedServer> {
  return own(async (directory, port) => {
    // It refuses to be run by root.
    const user = process.getuid!() === 0 ? userOf('postgres') : undefined;
    if (user) await chown(directory, user.uid, user.gid);
    const data = join(directory, 'data');
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'];
    execFileSync(programOf('initdb')!, initdb, { ...user, cwd: directory, stdio: 'ignore' });
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'fsync=on'];
    return {
      file: programOf('postgres')!,
      args: ['-D', data, '-p', `${port}`, ...settings.flatMap((setting) => ['-c', setting])],
      ready: /ready to accept connections/,
      stopSignal: 'SIGINT',
      ...(user && { user }),
    };
  });
}

export async function ownMariaDb(): Promise<OwnedServer> {
  return own((directory, port) => {
    const data = join(directory, 'data');
    const isRoot = process.getuid!() === 0;
    const user = isRoot ? ['--user=root'] : [];
    execFileSync(
      programOf('mariadb-install-db')!,
      [
        '--no-defaults',
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-name-resolve',
        ...user,
      ],
      { stdio: 'ignore' },
    );
    return {
      file: programOf('mariadbd')!,
      args: [
        '--no-defaults',
        `--datadir=${data}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(directory, 'socket')}`,
        '--innodb-flush-log-at-trx-commit=1',
        ...user,
      ],
      ready: /ready for connections/,
      stopSignal: 'SIGTERM',
    };
  });
}

function userOf(name: string): { uid: number; gid: number } {
  const ask = (what: string) => Number(execFileSync('id', [what, name], { encoding: 'utf8' }));
  return { uid: ask('-u'), gid: ask('-g') };
}

/** Starts a server in a new directory; `prepare` fills that, and says how. */
async function own(
  prepare: (directory: string, port: number) => ServerCommand | Promise<ServerCommand>,
): Promise<OwnedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  let server: OwnServer | undefined;
  const remove = async (): Promise<void> => {
    server?.thaw();
    await server?.kill();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const port = await freePort();
    server = new OwnServer(await prepare(directory, port));
    await server.start();
    return { server, port, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
