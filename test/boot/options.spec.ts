import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { memoryStore, SessionModule, SessionOptionsError } from 'nest-sessions';

/** What booting with these options throws. */
async function boot(options: unknown): Promise<unknown> {
  try {
    @Module({ imports: [SessionModule.forRoot({ store: memoryStore(), ...(options as object) })] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await app.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function problemsOf(options: unknown): Promise<readonly string[]> {
  const error = await boot(options);
  expect(error).toBeInstanceOf(SessionOptionsError);
  const { problems, message } = error as SessionOptionsError;
  problems.forEach((problem) => expect(message).toContain(problem));
  return problems;
}

const secure = { secure: true };

describe('Wrong options', () => {
  it.each([
    { path: 'idleTimout', options: { idleTimout: 60 } },
    { path: 'cookie.maxAge', options: { cookie: { maxAge: 60 } } },
    { path: 'cookie', options: { cookie: 'sessionid' } },
    { path: 'cookie', options: { cookie: [] } },
    { path: 'cookie', options: { cookie: [{ secure: true }] } },
    { path: 'cleanup', options: { cleanup: [] } },
    { path: 'cookie.name', options: { cookie: { name: 'my session' } } },
    { path: 'cookie.name', options: { cookie: { name: '' } } },
    { path: 'cookie.name', options: { cookie: { name: 'a=b' } } },
    { path: 'cookie.secure', options: { cookie: { secure: 'yes' } } },
    { path: 'cookie.httpOnly', options: { cookie: { httpOnly: 'false' } } },
    { path: 'cookie.sameSite', options: { cookie: { sameSite: 'Lax' } } },
    { path: 'cookie.sameSite', options: { cookie: { sameSite: true } } },
    { path: 'cookie.path', options: { cookie: { path: 'app' } } },
    { path: 'cookie.path', options: { cookie: { path: '/a;b' } } },
    { path: 'cookie.domain', options: { cookie: { domain: 'https://example.com' } } },
    { path: 'cookie.domain', options: { cookie: { domain: 'a.com; Secure' } } },
    { path: 'cookie.partitioned', options: { cookie: { partitioned: 1 } } },
    { path: 'cookie.priority', options: { cookie: { priority: 'highest' } } },
    { path: 'idleTimeout', options: { idleTimeout: -1 } },
    { path: 'idleTimeout', options: { idleTimeout: 0 } },
    { path: 'idleTimeout', options: { idleTimeout: false } },
    { path: 'idleTimeout', options: { idleTimeout: NaN } },
    { path: 'idleTimeout', options: { idleTimeout: Infinity } },
    { path: 'idleTimeout', options: { idleTimeout: '14' } },
    { path: 'idleTimeout', options: { idleTimeout: '14 days ago' } },
    { path: 'idleTimeout', options: { idleTimeout: '-1h' } },
    { path: 'idleTimeout', options: { idleTimeout: '3 parsecs' } },
    { path: 'absoluteTimeout', options: { absoluteTimeout: true } },
    { path: 'absoluteTimeout', options: { absoluteTimeout: 0 } },
    { path: 'touchInterval', options: { touchInterval: -60 } },
    { path: 'expireAtBrowserClose', options: { expireAtBrowserClose: 'yes' } },
    { path: 'requestSession', options: { requestSession: 'yes' } },
    { path: 'renewEvery', options: { renewEvery: 0 } },
    { path: 'renewGrace', options: { renewGrace: false } },
    { path: 'transport', options: { transport: 'query' } },
    { path: 'transport', options: { transport: [] } },
    { path: 'header', options: { header: 'X Session' } },
    { path: 'serializer', options: { serializer: JSON } },
    { path: 'maxDataSize', options: { maxDataSize: -1 } },
    { path: 'maxDataSize', options: { maxDataSize: 0.5 } },
    { path: 'maxDataSize', options: { maxDataSize: '1mb' } },
    { path: 'audience', options: { audience: '' } },
    { path: 'audience', options: { audience: 'a'.repeat(256) } },
    { path: 'audience', options: { audience: ['shop'] } },
    { path: 'now', options: { now: 1_700_000_000_000 } },
    { path: 'cookie.domain', options: { cookie: { ...secure, name: '__Host-sid', domain: 'example.com' } } },
    { path: 'cookie.path', options: { cookie: { ...secure, name: '__Host-sid', path: '/app' } } },
    { path: 'cookie.name', options: { cookie: { name: '__Host-sid', secure: false } } },
    { path: 'cookie.name', options: { cookie: { name: '__Secure-sid', secure: false } } },
    { path: 'cookie.name', options: { cookie: { name: '__secure-sid', secure: 'auto' } } },
    { path: 'cookie.sameSite', options: { cookie: { sameSite: 'none', secure: false } } },
    { path: 'cookie.sameSite', options: { cookie: { sameSite: 'none', secure: 'auto' } } },
    { path: 'cookie.partitioned', options: { cookie: { partitioned: true, secure: false } } },
    { path: 'touchInterval', options: { idleTimeout: '1m', touchInterval: '1m' } },
    { path: 'touchInterval', options: { idleTimeout: '30s', touchInterval: '1h' } },
    { path: 'renewEvery', options: { renewEvery: '5s', renewGrace: '10s' } },
    { path: 'store', options: { store: 'redis' } },
    { path: 'store', options: { store: {} } },
    { path: 'store', options: { store: null } },
    { path: 'store', options: { store: 42 } },
  ])('fail at boot and name $path for $options', async ({ path, options }) => {
    const problems = await problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${path.replace('.', '\\.')}: `));
  });

  it('are all listed in one error, each with what was expected and what came', async () => {
    const problems = await problemsOf({
      idleTimout: 60,
      absoluteTimeout: -1,
      maxDataSize: 0,
      cookie: { sameSite: 'loose', maxAge: 5 },
    });
    expect([...problems].toSorted()).toEqual([
      'absoluteTimeout: expected a number of seconds above 0 or a duration such as "30m", or false, got -1',
      'cookie.maxAge: there is no such option',
      'cookie.sameSite: expected "lax" or "strict" or "none", got "loose"',
      'idleTimout: there is no such option',
      'maxDataSize: expected a whole number of bytes above 0, got 0',
    ]);
  });

  it('are all listed when they contradict each other', async () => {
    const problems = await problemsOf({
      cookie: { name: '__Host-sid', secure: false, domain: 'example.com', path: '/app', sameSite: 'none' },
      renewEvery: 1,
    });
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual([
      'cookie.domain',
      'cookie.name',
      'cookie.path',
      'cookie.sameSite',
      'renewEvery',
    ]);
  });

  it('are all listed when some are wrong by themselves and others contradict each other', async () => {
    const problems = await problemsOf({
      idleTimout: 60,
      cookie: { name: '__Host-sid', secure: true, domain: 'example.com' },
    });
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual([
      'cookie.domain',
      'idleTimout',
    ]);
  });

  it('do not show the whole of a value that may be long', async () => {
    const [problem] = await problemsOf({ header: ' '.repeat(10_000) });
    expect(problem!.length).toBeLessThan(200);
  });
});

describe('Right options', () => {
  it.each([
    {},
    { cookie: {} },
    { cookie: { name: '__Host-sid', secure: true } },
    { cookie: { secure: true, sameSite: 'none', partitioned: true } },
    { cookie: { domain: 'example.com', path: '/app' } },
    { cookie: { domain: '.example.com', secure: 'auto' } },
    { idleTimeout: 1800, touchInterval: 0 },
    { idleTimeout: '30m', touchInterval: false },
    { idleTimeout: '1.5h', absoluteTimeout: false },
    { idleTimeout: '30s' },
    { renewEvery: '15m', renewGrace: 0 },
    { transport: 'header', header: 'X-Token' },
    { transport: ['cookie', 'header'] },
    { idleTimeout: undefined, cookie: { name: undefined }, renewEvery: undefined },
    { idleTimeout: null, cookie: null, cleanup: null },
    { audience: 'shop' },
    { audience: 'a'.repeat(255) },
    { maxDataSize: 1 },
    { now: () => 0 },
    { serializer: { serialize: JSON.stringify, deserialize: JSON.parse } },
  ])('boot with %j', async (options) => {
    expect(await boot(options)).toBeUndefined();
  });
});
