import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { SessionEntity } from 'nest-sessions/typeorm';

const CLI = join(import.meta.dirname, '../../dist/cli/main.js');
const APP = join(import.meta.dirname, 'app.module.mjs');
const PLAIN = join(import.meta.dirname, 'plain.module.mjs');

let folder: string;
let database: string;
let dataSource: DataSource;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nest-sessions-cli-'));
  database = join(folder, 'sessions.sqlite');
  dataSource = new DataSource({
    type: 'better-sqlite3',
    database,
    entities: [SessionEntity],
    synchronize: true,
  });
  await dataSource.initialize();
});

afterAll(async () => {
  await dataSource.destroy();
  await rm(folder, { recursive: true });
});

beforeEach(() => dataSource.getRepository(SessionEntity).clear());

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DATABASE: database, NODE_OPTIONS: '' };
    execFile(process.execPath, [CLI, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const idOf = (n: number) => n.toString(16).padStart(32, '0');

async function store(count: number, fields: Partial<SessionEntity> = {}, from = 1): Promise<void> {
  const now = Date.now();
  const rows = Array.from({ length: count }, (_, index) => ({
    id: idOf(from + index),
    secretHash: 'h'.repeat(43),
    previousHash: null,
    previousUntil: null,
    data: '{}',
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    lastSeenAt: now,
    expiresAt: now + 3_600_000,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
    ...fields,
  }));
  await dataSource.getRepository(SessionEntity).insert(rows as SessionEntity[]);
}

const left = () => dataSource.getRepository(SessionEntity).count();

describe('nest-sessions clear', () => {
  it('deletes what has expired in batches, and nothing else', async () => {
    await store(25, { expiresAt: 1 });
    await store(3, {}, 100);
    expect(await run('clear', '--app', APP, '--batch', '10')).toEqual({
      code: 0,
      stdout: 'Cleared 25 expired sessions.\n',
      stderr: '',
    });
    expect(await left()).toBe(3);
  });

  it.each(['0', '-1', '1.5', 'many'])('refuses a batch of %s', async (batch) => {
    const { code, stderr } = await run('clear', '--app', APP, `--batch=${batch}`);
    expect([code, stderr]).toEqual([2, expect.stringContaining('whole number above 0')]);
  });
});

describe('nest-sessions list', () => {
  it("shows a user's sessions, and never more of a token than the public id", async () => {
    await store(1, { userId: '42', ip: '192.0.2.7', userAgent: 'Evil\u001b[2J/1.0' });
    await store(1, { userId: '7' }, 2);
    const { code, stdout } = await run('list', '--user', '42', '--app', APP);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ID +CREATED +LAST SEEN +EXPIRES +IP +USER AGENT\n0{31}1 .*192\.0\.2\.7 +Evil\?\[2J\/1\.0\n$/,
    );
    expect(stdout).not.toContain('hhhh');
  });

  it('prints JSON on demand', async () => {
    await store(1, { userId: '42' });
    const { stdout } = await run('list', '--user', '42', '--json', '--app', APP);
    expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ id: idOf(1), current: false })]);
    expect(stdout).not.toContain('hhhh');
  });

  it('says so when there are none', async () => {
    expect((await run('list', '--user', '42', '--app', APP)).stdout).toBe('User 42 has no session.\n');
  });
});

describe('nest-sessions revoke', () => {
  it('ends sessions and tells which there were', async () => {
    await store(2);
    const { code, stdout } = await run('revoke', idOf(1), idOf(9), '--app', APP);
    expect([code, stdout]).toEqual([0, `${idOf(1)}  revoked\n${idOf(9)}  no such session\n`]);
    expect(await left()).toBe(1);
  });
});

describe('nest-sessions', () => {
  it.each([[['--help']], [['clear', '--help']], [['list', '--help']], [['revoke', '--help']]])(
    'explains itself with %j',
    async (args) => {
      const { code, stdout } = await run(...args);
      expect([code, stdout]).toEqual([0, expect.stringContaining('Usage: nest-sessions')]);
    },
  );

  it.each([
    ['no such command', ['sweep'], 'unknown command'],
    ['a missing user', ['list', '--app', APP], '--user'],
    ['a missing id', ['revoke', '--app', APP], 'id'],
    ['a file that is not there', ['clear', '--app', 'dist/nowhere.js'], 'Build the application first'],
    ['several modules', ['clear', '--app', PLAIN], 'Name one with --export'],
    [
      'a module that is not exported',
      ['clear', '--app', PLAIN, '--export', 'nothing'],
      'no module "nothing"',
    ],
    [
      'an application without sessions',
      ['clear', '--app', PLAIN, '-e', 'PlainModule'],
      'does not import SessionModule',
    ],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
  });

  it('fails with exit code 1, without a stack, when the application does not start', async () => {
    const kept = database;
    database = join(database, 'a file is no folder');
    const { code, stderr } = await run('clear', '--app', APP).finally(() => (database = kept));
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    { what: 'does not start', app: 'held-open.module.mjs', exitCode: 1, message: 'cookie.name' },
    {
      what: 'is called wrongly',
      app: 'held-open.module.mjs',
      exitCode: 2,
      message: 'no module',
      name: 'Nothing',
    },
  ])(
    'ends, whatever else the application has opened, when it $what',
    async ({ app, exitCode, message, name }) => {
      const path = join(import.meta.dirname, app);
      const { code, stderr } = await run('clear', '--app', path, ...(name ? ['--export', name] : []));
      expect([code, stderr]).toEqual([exitCode, expect.stringContaining(message)]);
    },
  );

  it.each(['starting', 'loading'])('is interrupted while the application is still %s', async (what) => {
    const starting = spawn(
      process.execPath,
      [CLI, 'clear', '--app', join(import.meta.dirname, 'slow.module.mjs')],
      {
        env: { ...process.env, NODE_OPTIONS: '', SLOW: what },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    await once(starting.stdout, 'data');
    starting.kill('SIGINT');
    expect(await once(starting, 'exit')).toEqual([130, null]);
  });
});
