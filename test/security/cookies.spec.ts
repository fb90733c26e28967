import { afterEach, describe, expect, it } from '@jest/globals';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { memoryStore, type SessionModuleOptions } from 'nest-sessions';
import { CookieJar } from 'tough-cookie';
import { adapters } from '../support/adapters.js';
import type { Visit } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';

type Options = Omit<SessionModuleOptions, 'store'>;
const tokenIn = (setCookie: string) => /^[^=]+=([^;]*)/.exec(setCookie)![1]!;

describe.each(adapters)('The session cookie on $adapter', ({ adapter, make }) => {
  let ground: Playground | undefined;
  afterEach(async () => {
    await ground?.close();
    ground = undefined;
  });

  async function start(session: Options = {}, httpAdapter = make()): Promise<Playground> {
    ground = await playground({ adapter: httpAdapter, store: memoryStore(), session });
    const { sessions } = ground;
    ground.on('login', () => sessions.login('ada'));
    ground.on('logout', () => sessions.logout());
    ground.on('list', () => sessions.list('ada'));
    ground.on('who', ({ id, userId, data }) => ({ id, userId, data }));
    ground.on('crash', () => {
      throw new Error('crashed');
    });
    return ground;
  }

  const problemsOf = async (cookie: Options['cookie']): Promise<string[]> =>
    start({ cookie }).then(
      () => [],
      (error: { problems: string[] }) => error.problems.map((problem) => problem.split(':')[0]!),
    );

  it('4.2 is for HTTP only, and its token is in no other header and in no body', async () => {
    const { browser, clock } = await start({ renewEvery: '1h' });
    const visitor = browser();
    const tokens = new Set<string>();
    const visits: Visit[] = [];
    const paths = [
      '/login',
      '/who',
      '/list',
      '/set?a=1',
      '/regenerate',
      '/crash',
      '/no/route',
      '/who',
      '/logout',
    ];
    for (const path of paths) {
      clock.advance(1800);
      visits.push(await visitor.post(path));
      tokens.add(visitor.cookie() ?? '');
    }
    tokens.delete('');
    expect(tokens.size).toBeGreaterThanOrEqual(3);
    for (const { setCookies, headers, text } of visits) {
      for (const cookie of setCookies) expect(cookie).toMatch(/; HttpOnly(;|$)/);
      const rest = JSON.stringify([...headers].filter(([name]) => name !== 'set-cookie')) + text;
      for (const token of tokens) expect(rest).not.toContain(token.split('.')[1]);
    }
  });

  const contradictions = [
    ...['__Host-sid', '__host-sid', '__HOST-sid', '__hOsT-sid'].flatMap((name) => [
      { cookie: { name, secure: true, domain: 'example.com' }, problem: 'cookie.domain' },
      { cookie: { name, secure: true, path: '/app' }, problem: 'cookie.path' },
      { cookie: { name, secure: false }, problem: 'cookie.name' },
      { cookie: { name, secure: 'auto' as const }, problem: 'cookie.name' },
    ]),
    ...['__Secure-sid', '__secure-sid', '__SECURE-sid'].flatMap((name) => [
      { cookie: { name, secure: false }, problem: 'cookie.name' },
      { cookie: { name, secure: 'auto' as const }, problem: 'cookie.name' },
    ]),
    { cookie: { partitioned: true, secure: false }, problem: 'cookie.partitioned' },
    { cookie: { partitioned: true, secure: 'auto' as const }, problem: 'cookie.partitioned' },
    { cookie: { sameSite: 'none' as const, secure: false }, problem: 'cookie.sameSite' },
  ];

  it.each(contradictions)('4.5 fails the boot by $problem for $cookie', async ({ cookie, problem }) => {
    expect(await problemsOf(cookie)).toEqual([problem]);
  });

  it.each(['__Host-Http-sid', '__host-http-sid'])('4.6 may be called %s', async (name) => {
    const { browser } = await start({ cookie: { name, secure: true } });
    const { setCookies } = await browser().post('/set?name=Ada');
    expect(setCookies[0]).toMatch(new RegExp(`^${name}=[^;]+; Max-Age=\\d+; Path=/; HttpOnly; Secure;`));
    const cookie = `${name}=${tokenIn(setCookies[0]!)}`;
    expect((await browser().post('/read', { headers: { cookie } })).json()).toEqual({ name: 'Ada' });
  });

  it.each([
    { cookie: { name: '__Host-Http-sid', secure: true, domain: 'example.com' }, problem: 'cookie.domain' },
    { cookie: { name: '__Host-Http-sid', secure: true, path: '/app' }, problem: 'cookie.path' },
    { cookie: { name: '__HOST-HTTP-sid', secure: false }, problem: 'cookie.name' },
    { cookie: { name: '__Host-Http-sid', secure: true, httpOnly: false }, problem: 'cookie.httpOnly' },
    { cookie: { name: '__host-http-sid', secure: true, httpOnly: false }, problem: 'cookie.httpOnly' },
    { cookie: { name: '__Http-sid', secure: true, httpOnly: false }, problem: 'cookie.httpOnly' },
    { cookie: { name: '__Http-sid', secure: false }, problem: 'cookie.name' },
  ])('4.6 keeps that name to its promise: $cookie fails the boot', async ({ cookie, problem }) => {
    expect(await problemsOf(cookie)).toEqual([problem]);
  });

  it.each([
    { what: 'path', cookie: { path: `/${'a'.repeat(1024)}` }, problem: 'cookie.path' },
    { what: 'domain', cookie: { domain: `${'a.'.repeat(512)}com` }, problem: 'cookie.domain' },
    { what: 'name', cookie: { name: 'a'.repeat(4096 - 76) }, problem: 'cookie.name' },
  ])('4.7 fails the boot with a $what that browsers would not keep', async ({ cookie, problem }) => {
    expect(await problemsOf(cookie)).toEqual([problem]);
  });

  it('4.7 may be as large as browsers allow, with every attribute', async () => {
    const path = `/${'a'.repeat(1023)}`;
    const { browser } = await start({ cookie: { path, name: 'a'.repeat(1024) } });
    const [cookie] = (await browser().post('/set?name=Ada')).setCookies;
    expect(cookie!.split(';')[0]!.length).toBeLessThanOrEqual(4096);
    expect(cookie).toContain(`; Path=${path};`);
  });

  it('4.9 comes exactly when its token or its expiry has changed', async () => {
    const { browser, clock, stored } = await start({ renewEvery: '1d' });
    const visitor = browser();
    let before = '';
    let sent = 0;
    const paths = ['/read', '/set?n=1', '/set?n=1', '/set?n=2', '/who', '/crash', '/no/route', '/list'];
    const waits = [0, 30, 31, 3600, 0, 86_400, 0];
    for (const path of ['/set?n=0', ...waits.flatMap(() => paths), '/regenerate', '/login', '/read']) {
      const { setCookies } = await visitor.post(path);
      const record = await stored(idOf(visitor));
      const now = `${visitor.cookie()} until ${record!.expiresAt}`;
      expect([path, setCookies.length]).toEqual([path, now === before ? 0 : 1]);
      before = now;
      sent += setCookies.length;
      if (path === '/list') clock.advance(waits.shift()!);
    }
    // The first one, two that were due by time alone, one by the renewal, the new id, the login.
    expect(sent).toBeGreaterThanOrEqual(6);
    expect(sent).toBeLessThan(12);
  });

  it('4.10 is no matter for caches where somebody is logged in, who only looks', async () => {
    const { browser } = await start();
    const visitor = browser();
    for (const path of ['/login', '/who', '/set?n=1', '/logout']) {
      const { headers } = await visitor.post(path);
      expect([path, headers.get('cache-control'), headers.get('vary')]).toEqual([path, 'no-store', 'Cookie']);
    }
  });

  function behindProxy(): AbstractHttpAdapter {
    if (adapter === 'Fastify') {
      return new FastifyAdapter({ trustProxy: true }) as unknown as AbstractHttpAdapter;
    }
    const express = new ExpressAdapter();
    (express as unknown as NestExpressApplication).set('trust proxy', true);
    return express;
  }

  it.each([true, 'auto'] as const)(
    '4.14 goes to no page without TLS once it has come with TLS (secure: %s)',
    async (secure) => {
      const { browser, clock } = await start({ cookie: { secure }, renewEvery: '1h' }, behindProxy());
      const jar = new CookieJar();
      const headers = () => ({
        'x-forwarded-proto': 'https',
        cookie: jar.getCookieStringSync('https://shop.example/'),
      });
      for (const path of ['/login', '/who', '/set?n=1', '/regenerate', '/crash', '/who']) {
        const { setCookies } = await browser().post(path, { headers: headers() });
        for (const cookie of setCookies) {
          expect(cookie).toMatch(/; Secure(;|$)/);
          jar.setCookieSync(cookie, 'https://shop.example/');
        }
        clock.advance(3600);
        expect(headers().cookie).toMatch(/sessionid=./);
        expect(jar.getCookieStringSync('http://shop.example/')).toBe('');
      }
    },
  );
});
