import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Browser } from './support/browser.js';
import { freePort } from './support/free-port.js';
import { describeIf, redisIsThere, redisUrl } from './support/redis-servers.js';

const root = join(import.meta.dirname, '..');
const main = join(root, 'sample/02-stores/dist/main.js');

/** Every store of the sample, and what the page must be able to show of it. */
const stores = [
  { store: 'memory', survivesRestart: false },
  { store: 'typeorm' },
  { store: 'redis', onRedis: true },
  { store: 'cache-manager', onRedis: true },
  { store: 'file' },
  { store: 'cached' },
  { store: 'cookie', logoutIsFinal: false },
  { store: 'cookie-revocable' },
  { store: 'express-session', onRedis: true },
].map((each) => ({ survivesRestart: true, logoutIsFinal: true, onRedis: false, ...each }));

/** How a process has ended, and what it has said. */
interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real sample in a process of its own. */
class Sample {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(words: readonly string[], directory: string): Promise<Sample> {
    const env = { ...process.env, NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '0', NO_COLOR: '1' };
    const child = spawn(process.execPath, [main, ...words], {
      env: { ...env, DATA_DIR: directory, REDIS_URL: redisUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    for await (const line of createInterface(child.stdout)) {
      const url = /Open (http:\/\/\S+)/.exec(line)?.[1];
      if (url) {
        // Nobody reads on, and a full pipe would stop the child.
        child.stdout.resume();
        return new Sample(child, url);
      }
    }
    throw new Error(`The sample ended before it listened. ${errors}`);
  }

  /** Asks it to end, and tells how it did. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

async function shown(browser: Browser, id: 'visits' | 'note' | 'store'): Promise<string | undefined> {
  const { status, text } = await browser.get('/');
  expect(status).toBe(200);
  return new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(text)?.[1];
}

async function submit(browser: Browser, path: string, fields: Record<string, string> = {}): Promise<void> {
  expect((await browser.post(path, { body: new URLSearchParams(fields) })).status).toBe(303);
}

async function run(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ending> {
  const child = promisify(execFile)(process.execPath, [main, ...words], { env: { ...process.env, ...env } });
  return child.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

beforeAll(async () => {
  await promisify(execFile)('npm', ['run', 'build', '-w', 'sample/02-stores'], { cwd: root });
}, 180_000);

describe('the command line of the stores sample', () => {
  it('lists every store with one line each', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([\w-]+) {2,}\S/gm)].map(([, name]) => name);
    expect(listed).toEqual(stores.map(({ store }) => store));
  });

  it.each([[['mongo']], [['redis', 'file']], [['--redis']], [['toString']]])(
    'shows the usage for %j and ends with 2',
    async (words) => {
      const { code, stdout, stderr } = await run(words);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^(There is no store "|One store at a time).*\n\nUsage: npm start/);
    },
  );
});

describe('the stores sample without a Redis', () => {
  it.each(['redis', 'express-session'])(
    'says in one sentence what %s lacks, and ends with 1',
    async (store) => {
      const REDIS_URL = `redis://user:secret@127.0.0.1:${await freePort()}`;
      const { code, stdout, stderr } = await run([store], { REDIS_URL });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^There is no Redis at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*\): start one, .* `redis-server`.*\n$/,
      );
      expect(stderr).not.toContain('secret');
    },
  );
});

for (const { store, survivesRestart, logoutIsFinal, onRedis } of stores) {
  describeIf(!onRedis || redisIsThere, `the sample on ${store}`, `${redisUrl} does not answer`, () => {
    let directory: string;
    let sample: Sample;
    /** What the sample is given on its command line: nothing for its default. */
    const words = store === 'typeorm' ? [] : [store];

    const newVisitor = (jar?: Browser['jar']) => new Browser(sample.url, jar);

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'stores-'));
      sample = await Sample.start(words, directory);
    });

    afterAll(async () => {
      await sample?.stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    });

    it('counts the visits of each visitor, and says where', async () => {
      const [visitor, other] = [newVisitor(), newVisitor()];
      expect(await shown(visitor, 'visits')).toBe('1');
      expect(await shown(visitor, 'visits')).toBe('2');
      expect(await shown(other, 'visits')).toBe('1');
      expect(await shown(visitor, 'store')).toBe(store);
      await submit(visitor, '/flush');
      await submit(other, '/flush');
    });

    it('keeps a note, escaped, and refuses one that is too long', async () => {
      const visitor = newVisitor();
      await submit(visitor, '/note', { note: ' 2 < 3 ' });
      expect(await shown(visitor, 'note')).toBe('2 &lt; 3');
      await submit(visitor, '/note', { note: '字'.repeat(300) });
      expect(await shown(visitor, 'note')).toBe('字'.repeat(300));
      const long = new URLSearchParams({ note: 'x'.repeat(301) });
      expect((await visitor.post('/note', { body: long })).status).toBe(400);
      await submit(visitor, '/flush');
    });

    it('flushes: data and cookie are gone', async () => {
      const visitor = newVisitor();
      await submit(visitor, '/note', { note: 'mine' });
      await submit(visitor, '/flush');
      expect(visitor.cookie()).toBeUndefined();
      const { status, setCookies } = await visitor.get('/goodbye');
      expect({ status, setCookies }).toEqual({ status: 200, setCookies: [] });
      expect(await shown(visitor, 'visits')).toBe('1');
      expect(await shown(visitor, 'note')).toBe('');
      await submit(visitor, '/flush');
    });

    it(`is ${survivesRestart ? 'still' : 'no longer'} there after a restart, and what was flushed is ${logoutIsFinal ? 'dead' : 'not dead'}`, async () => {
      const before = newVisitor();
      expect(await shown(before, 'visits')).toBe('1');
      await submit(before, '/note', { note: 'kept' });
      const ended = newVisitor();
      await submit(ended, '/note', { note: 'ended' });
      const copy = ended.fork();
      await submit(ended, '/flush');

      await sample.stop('SIGTERM');
      sample = await Sample.start(words, directory);
      const after = newVisitor(before.jar);
      expect(await shown(after, 'visits')).toBe(survivesRestart ? '2' : '1');
      expect(await shown(after, 'note')).toBe(survivesRestart ? 'kept' : '');
      await submit(after, '/flush');

      // In the process of the flush a copy is taken for a latecomer; in another one it counts what the store knows.
      const copied = newVisitor(copy.jar);
      expect(await shown(copied, 'note')).toBe(logoutIsFinal ? '' : 'ended');
      await submit(copied, '/flush');
    });
  });
}
