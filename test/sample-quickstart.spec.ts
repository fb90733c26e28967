import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CookieJar } from 'tough-cookie';

const root = join(import.meta.dirname, '..');
const main = join(root, 'sample/01-quickstart/dist/main.js');

/** The real sample in a process of its own. */
class Sample {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(flags: readonly string[], database: string): Promise<Sample> {
    const child = spawn(process.execPath, [main, ...flags], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        HOST: '127.0.0.1',
        PORT: '0',
        DATABASE: database,
        NO_COLOR: '1',
      },
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

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit');
      this.child.kill(signal);
      await exit;
    }
  }
}

interface Page {
  status: number;
  body: string;
  setCookie: string[];
}

/** A browser without the window: it keeps cookies, and follows redirects only when told. */
class Visitor {
  private readonly jar = new CookieJar();

  constructor(private readonly url: () => string) {}

  visit(path = '/'): Promise<Page> {
    return this.request(path, {});
  }

  post(path: string, fields: Record<string, string> = {}): Promise<Page> {
    return this.request(path, { method: 'POST', body: new URLSearchParams(fields) });
  }

  /** Sends a form and looks at the page that the browser ends up on. */
  async submit(path: string, fields: Record<string, string> = {}): Promise<Page> {
    expect((await this.post(path, fields)).status).toBe(303);
    return this.visit();
  }

  async cookie(): Promise<string | undefined> {
    return (await this.jar.getCookies(this.url()))[0]?.value;
  }

  async takeCookiesOf(other: Visitor): Promise<void> {
    for (const cookie of await other.jar.getCookies(this.url())) {
      await this.jar.setCookie(cookie.toString(), this.url());
    }
  }

  private async request(path: string, init: RequestInit): Promise<Page> {
    const url = new URL(path, this.url()).href;
    const cookie = await this.jar.getCookieString(url);
    const response = await fetch(url, { ...init, redirect: 'manual', headers: cookie ? { cookie } : {} });
    const setCookie = response.headers.getSetCookie();
    for (const line of setCookie) {
      await this.jar.setCookie(line, url);
    }
    return { status: response.status, body: await response.text(), setCookie };
  }
}

function shown(page: Page, id: 'visits' | 'greeting' | 'session-id'): string | undefined {
  return new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(page.body)?.[1];
}

beforeAll(async () => {
  await promisify(execFile)('npm', ['run', 'build', '-w', 'sample/01-quickstart'], { cwd: root });
}, 180_000);

describe.each([
  { adapter: 'Express', flags: [] },
  { adapter: 'Fastify', flags: ['--fastify'] },
])('the quickstart sample on $adapter', ({ flags }) => {
  let directory: string;
  let database: string;
  let sample: Sample | undefined;
  let visitor: Visitor;

  const newVisitor = () => new Visitor(() => sample!.url);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'quickstart-'));
    database = join(directory, 'sessions.sqlite');
    sample = await Sample.start(flags, database);
  });

  afterAll(async () => {
    await sample?.stop('SIGKILL');
    await rm(directory, { recursive: true });
  });

  beforeEach(() => {
    visitor = newVisitor();
  });

  it('counts the visits of each visitor', async () => {
    expect(shown(await visitor.visit(), 'visits')).toBe('1');
    expect(shown(await visitor.visit(), 'visits')).toBe('2');
    expect(shown(await newVisitor().visit(), 'visits')).toBe('1');
    expect(shown(await visitor.visit(), 'visits')).toBe('3');
  });

  it('counts every one of parallel visits', async () => {
    await visitor.visit();
    await Promise.all(Array.from({ length: 8 }, () => visitor.visit()));
    expect(shown(await visitor.visit(), 'visits')).toBe('10');
  });

  it('sends HTML', async () => {
    const response = await fetch(sample!.url);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });

  it('greets a guest, and then by name', async () => {
    expect(shown(await visitor.visit(), 'greeting')).toBe('Hello, Guest');
    expect(shown(await visitor.submit('/name', { name: '  Ada  ' }), 'greeting')).toBe('Hello, Ada');
    expect(shown(await visitor.visit(), 'greeting')).toBe('Hello, Ada');
  });

  it('escapes the name in the greeting and in the notice', async () => {
    const { body } = await visitor.submit('/name', { name: `<script>alert("x")</script>` });
    expect(body).not.toContain('<script>');
    expect(body.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;/g)).toHaveLength(2);
  });

  it('shows a notice exactly once', async () => {
    const notice = 'Nice to meet you, Grace.';
    expect((await visitor.submit('/name', { name: 'Grace' })).body).toContain(notice);
    expect((await visitor.visit()).body).not.toContain(notice);
  });

  it('deletes one key and leaves the others', async () => {
    await visitor.submit('/name', { name: 'Ada' });
    const page = await visitor.submit('/delete', { key: 'username' });
    expect(shown(page, 'greeting')).toBe('Hello, Guest');
    expect(shown(page, 'visits')).toBe('2');
    expect(page.body).not.toContain('aria-label="Delete username"');
  });

  it('keeps nested preferences', async () => {
    expect((await visitor.visit()).body).toContain('data-theme="light"');
    await visitor.submit('/preferences/theme', { theme: 'dark' });
    await visitor.submit('/preferences/language', { language: 'fr' });
    const page = await visitor.submit('/preferences/theme', { theme: 'sepia' });
    expect(page.body).toContain('data-theme="sepia"');
    expect(shown(page, 'greeting')).toBe('Bonjour, Guest');
    expect((await visitor.visit()).body).toContain('data-theme="sepia"');
  });

  it('regenerates the id, keeps the data, and the old cookie is dead', async () => {
    await visitor.visit();
    const before = shown(await visitor.visit(), 'session-id');
    const thief = newVisitor();
    await thief.takeCookiesOf(visitor);

    const after = await visitor.submit('/regenerate');
    expect(shown(after, 'session-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(shown(after, 'session-id')).not.toBe(before);
    expect(shown(after, 'visits')).toBe('3');

    const stolen = await thief.visit();
    expect(shown(stolen, 'visits')).toBe('1');
    expect(shown(await thief.visit(), 'session-id')).not.toBe(before);
    expect(shown(await visitor.visit(), 'visits')).toBe('4');
  });

  it('flushes the session and clears the cookie', async () => {
    const first = await visitor.submit('/name', { name: 'Ada' });
    const other = newVisitor();
    await other.takeCookiesOf(visitor);

    const flushed = await visitor.post('/flush');
    expect(flushed.status).toBe(303);
    expect(flushed.setCookie).toHaveLength(1);
    expect(await visitor.cookie()).toBeUndefined();

    const goodbye = await visitor.visit('/goodbye');
    expect(goodbye.status).toBe(200);
    expect(goodbye.setCookie).toEqual([]);

    const page = await visitor.visit();
    expect(shown(page, 'greeting')).toBe('Hello, Guest');
    expect(shown(page, 'visits')).toBe('1');
    expect(shown(await visitor.visit(), 'session-id')).not.toBe(shown(first, 'session-id'));
    expect(shown(await other.visit(), 'greeting')).toBe('Hello, Guest');
  });

  it('shows the id and never the secret', async () => {
    const steps = [
      () => visitor.visit(),
      () => visitor.visit(),
      () => visitor.submit('/name', { name: 'Ada' }),
      () => visitor.submit('/regenerate'),
    ];
    const ids: (string | undefined)[] = [];
    for (const step of steps) {
      const page = await step();
      const [id, secret] = (await visitor.cookie())!.split('.');
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(page.body).not.toContain(secret);
      ids.push(shown(page, 'session-id') === id ? 'the id of the cookie' : shown(page, 'session-id'));
    }
    expect(ids).toEqual(['none yet', ...Array(3).fill('the id of the cookie')]);
  });

  it.each<[what: string, path: string, fields: Record<string, string>]>([
    ['a name of spaces', '/name', { name: '   ' }],
    ['a name of 81 characters', '/name', { name: 'x'.repeat(81) }],
    ['no name', '/name', {}],
    ['an unknown theme', '/preferences/theme', { theme: 'pink' }],
    ['a theme that every object has', '/preferences/theme', { theme: 'constructor' }],
    ['an unknown language', '/preferences/language', { language: '"><script>' }],
    ['a key that is none', '/delete', { key: '__proto__' }],
  ])('refuses %s and starts no session', async (_what, path, fields) => {
    const answer = await visitor.post(path, fields);
    expect(answer.status).toBe(400);
    expect(answer.setCookie).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('goes on counting after a restart by %s', async (signal) => {
    await visitor.submit('/name', { name: 'Ada' });
    expect(shown(await visitor.visit(), 'visits')).toBe('2');

    await sample!.stop(signal);
    sample = await Sample.start(flags, database);

    const page = await visitor.visit();
    expect(shown(page, 'visits')).toBe('3');
    expect(shown(page, 'greeting')).toBe('Hello, Ada');
  });
});
