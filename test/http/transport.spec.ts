import { Controller, Get, Post } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Session, type SessionEvent, type SessionModuleOptions, type SessionStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Visit } from '../support/browser.js';
import { memory } from '../support/memory.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';

@Controller()
class TransportController {
  @Get('read') read(@Session() session: Session) {
    return { name: session.get('name', 'Guest') };
  }

  @Post('write') write(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Post('regenerate') regenerate(@Session() session: Session) {
    return session.regenerate();
  }

  @Post('flush') flush(@Session() session: Session) {
    return session.flush();
  }
}

const HEADER = 'x-session-token';
const TOKEN = /^[0-9a-f]{32}\.[\w-]{43}$/;
const UNKNOWN = `${'0'.repeat(32)}.${'A'.repeat(43)}`;
const bothWays: SessionModuleOptions = { transport: ['cookie', 'header'] };

describe.each(adapters)('The token on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;
  let events: SessionEvent[];

  async function start(options: SessionModuleOptions): Promise<void> {
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [TransportController],
      session: { store: watched.store as SessionStore, ...options },
    });
    events = [];
    served.sessions.events.subscribe((event) => events.push(event));
  }

  afterEach(() => served.close());

  const get = (path: string, headers: Record<string, string> = {}) => served.browser().get(path, { headers });
  const post = (path: string, headers: Record<string, string> = {}) =>
    served.browser().post(path, { headers });
  const nameOf = async (headers: Record<string, string>) => (await get('/read', headers)).json().name;

  /** What an answer brings, by transport: a token, `''` to take it away, or nothing. */
  function brought({ headers, setCookies }: Visit) {
    return {
      header: headers.get(HEADER) ?? undefined,
      cookie: setCookies.map((cookie) => /^sessionid=([^;]*)/.exec(cookie)?.[1]).at(0),
    };
  }

  async function startSession(): Promise<string> {
    const { header, cookie } = brought(await post('/write'));
    watched.take();
    events.length = 0;
    return (header ?? cookie)!;
  }

  describe('by header', () => {
    it('comes back in the header, without a cookie, and opens the session', async () => {
      await start({ transport: 'header' });
      const visit = await post('/write');
      const { header, cookie } = brought(visit);
      expect(header).toMatch(TOKEN);
      expect(cookie).toBeUndefined();
      expect(visit.headers.get('cache-control')).toBe('no-store');
      expect(visit.headers.get('vary')).toBe('X-Session-Token');
      expect(await nameOf({ [HEADER]: header! })).toBe('Ada');
    });

    it('is found under the name that was chosen for it', async () => {
      await start({ transport: 'header', header: 'X-Auth' });
      const token = (await post('/write')).headers.get('x-auth')!;
      expect(token).toMatch(TOKEN);
      expect(await nameOf({ 'x-auth': token })).toBe('Ada');
      expect(await nameOf({ [HEADER]: token })).toBe('Guest');
    });

    it('1.7 is not taken from a cookie', async () => {
      await start({ transport: 'header' });
      const token = await startSession();
      const visit = await get('/read', { cookie: `sessionid=${token}` });
      expect(visit.json()).toEqual({ name: 'Guest' });
      expect(brought(visit)).toEqual({});
      expect(watched.take()).toEqual([]);
    });

    it('is not sent again where nothing has changed', async () => {
      await start({ transport: 'header' });
      const token = await startSession();
      expect(brought(await get('/read', { [HEADER]: token }))).toEqual({});
    });

    it('is replaced by a regeneration', async () => {
      await start({ transport: 'header' });
      const token = await startSession();
      const { header } = brought(await post('/regenerate', { [HEADER]: token }));
      expect(header).toMatch(TOKEN);
      expect(header).not.toBe(token);
      expect(await nameOf({ [HEADER]: header! })).toBe('Ada');
      expect(await nameOf({ [HEADER]: token })).toBe('Guest');
    });

    it.each([
      { of: 'a flushed session', path: '/flush', isKnown: true },
      { of: 'no session', path: '/flush', isKnown: false },
    ])('is taken away when it is one of $of', async ({ path, isKnown }) => {
      await start({ transport: 'header' });
      const token = isKnown ? await startSession() : UNKNOWN;
      expect(brought(await post(path, { [HEADER]: token }))).toEqual({ header: '' });
    });

    it('is no session when there are two', async () => {
      await start({ transport: 'header' });
      const token = await startSession();
      expect(await nameOf({ [HEADER]: `${token}, ${token}` })).toBe('Guest');
      expect(watched.take()).toEqual([]);
      expect(events.map(({ type }) => type)).toEqual(['unknown-token']);
    });

    it('is none when it is empty', async () => {
      await start({ transport: 'header' });
      expect(brought(await get('/read', { [HEADER]: ' ' }))).toEqual({});
      expect(events).toEqual([]);
    });
  });

  it('1.7 is not taken from a header by default', async () => {
    await start({});
    const token = await startSession();
    expect(await nameOf({ [HEADER]: token })).toBe('Guest');
    expect(await nameOf({ cookie: `sessionid=${token}` })).toBe('Ada');
  });

  describe('by both', () => {
    it('comes both ways to a client that has none', async () => {
      await start(bothWays);
      const visit = await post('/write');
      const { header, cookie } = brought(visit);
      expect(header).toMatch(TOKEN);
      expect(cookie).toBe(header);
      expect(visit.headers.get('vary')).toBe('Cookie, X-Session-Token');
    });

    const ways: { way: string; headers: (token: string) => Record<string, string>; back: string[] }[] = [
      { way: 'by cookie', headers: (token) => ({ cookie: `sessionid=${token}` }), back: ['cookie'] },
      { way: 'by header', headers: (token) => ({ [HEADER]: token }), back: ['header'] },
      {
        way: 'by both alike',
        headers: (token) => ({ cookie: `sessionid=${token}`, [HEADER]: token }),
        back: ['header', 'cookie'],
      },
    ];

    describe.each(ways)('when it came $way', ({ headers, back }) => {
      it('opens the session, with one load', async () => {
        await start(bothWays);
        const token = await startSession();
        expect(await nameOf(headers(token))).toBe('Ada');
        expect(watched.take()).toEqual(['load']);
        expect(events).toEqual([]);
      });

      it('comes back that way only', async () => {
        await start(bothWays);
        const token = await startSession();
        const answer = brought(await post('/regenerate', headers(token)));
        expect(answer).toEqual(Object.fromEntries(back.map((way) => [way, expect.stringMatching(TOKEN)])));
      });

      it('is taken away that way only', async () => {
        await start(bothWays);
        const token = await startSession();
        const answer = brought(await post('/flush', headers(token)));
        expect(answer).toEqual(Object.fromEntries(back.map((way) => [way, ''])));
      });

      it('is taken away that way only when it is unknown', async () => {
        await start(bothWays);
        const answer = brought(await get('/read', headers(UNKNOWN)));
        expect(answer).toEqual(Object.fromEntries(back.map((way) => [way, ''])));
      });
    });

    it.each([
      { what: 'an unknown one', other: () => UNKNOWN },
      { what: 'a malformed one', other: () => 'not-a-token' },
      { what: 'one of another session', other: () => startSession() },
    ])('1.7 is refused when cookie and header disagree ($what)', async ({ other }) => {
      await start(bothWays);
      const token = await startSession();
      const another = await other();
      for (const [first, second] of [
        [token, another],
        [another, token],
      ]) {
        events.length = 0;
        const visit = await get('/read', { cookie: `sessionid=${first}`, [HEADER]: second! });
        expect(visit.json()).toEqual({ name: 'Guest' });
        expect(watched.take()).toEqual([]);
        expect(events).toEqual([{ type: 'duplicate-cookie', count: 2, ip: '127.0.0.1' }]);
      }
      expect(await nameOf({ [HEADER]: token })).toBe('Ada');
    });

    it('is refused when there are two cookies, although the header agrees with one', async () => {
      await start(bothWays);
      const token = await startSession();
      const cookie = `sessionid=${token}; sessionid=${token}`;
      expect(await nameOf({ cookie, [HEADER]: token })).toBe('Guest');
      expect(events.map(({ type }) => type)).toEqual(['duplicate-cookie']);
    });
  });

  it('6.9 appears in no log', async () => {
    await start(bothWays);
    const token = await startSession();
    await post('/flush', { [HEADER]: token });
    await get('/read', { [HEADER]: token });
    expect(served.log.join('\n')).not.toContain(token.split('.')[1]);
    expect(JSON.stringify(events)).not.toContain(token.split('.')[1]);
  });
});
