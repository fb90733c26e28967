import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { cookieStore, MemoryStore, RequireRecentLogin } from 'nest-sessions';
import type { ActiveSession } from '../../lib/core/active-session.js';
import { sideId } from '../../lib/core/side-records.js';
import { SessionHttp } from '../../lib/http/session-http.js';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';
import { oidcApp, type OidcApp } from './oidc.app.js';
import { ISSUER } from './provider.js';

/** How long a logout is remembered that comes before its login, in seconds. */
const MEMORY = 10 * 60;

describeStores('Logins through a provider', ({ make, openStore }) => {
  let app: OidcApp;
  /** The tests share the store. */
  let ada: string;
  let laptop: string;

  beforeEach(async () => {
    app = await oidcApp({ adapter: make(), store: openStore() });
    [ada, laptop] = [randomUUID(), randomUUID()];
  });
  afterEach(() => app.close());

  /** In seconds, as in tokens. */
  const now = () => Math.floor(app.clock.now() / 1000);
  const endUser = (claims: object = {}) => app.logout({ claims: { sub: ada, ...claims } });
  const endLogin = (sid: string, claims: object = {}) => app.logout({ claims: { sub: ada, sid, ...claims } });

  it('end with the logout of their own login, and with no other', async () => {
    const [one, two, three] = [
      await app.loggedIn({ sub: ada, sid: laptop }),
      await app.loggedIn({ sub: ada, sid: randomUUID() }),
      await app.loggedIn({ sub: ada }),
    ];
    const id = idOf(one);
    await endLogin(laptop);
    expect(await Promise.all([one, two, three].map(app.isLoggedIn))).toEqual([false, true, true]);
    expect(app.events).toContainEqual({ type: 'revoked', id, reason: 'group' });
    expect(app.told).toEqual([{ type: 'backchannel-logout', iss: ISSUER, sub: ada, sid: laptop, count: 1 }]);
  });

  it('end, all of a user, with the logout of that user alone', async () => {
    const adas = [
      await app.loggedIn({ sub: ada, sid: laptop }),
      await app.loggedIn({ sub: ada, sid: randomUUID() }),
      await app.loggedIn({ sub: ada }),
    ];
    const others = [
      await app.loggedIn({ sub: randomUUID() }),
      await app.loggedIn({ sub: ada, iss: 'https://other.example.com' }),
    ];
    await adas[1]!.post('/regenerate');
    await endUser();
    expect(await Promise.all(adas.map(app.isLoggedIn))).toEqual([false, false, false]);
    expect(await Promise.all(others.map(app.isLoggedIn))).toEqual([true, true]);
    expect(app.told).toEqual([{ type: 'backchannel-logout', iss: ISSUER, sub: ada, count: 3 }]);
  });

  it('may come again under the name that they had at the provider when the application has ended them', async () => {
    const { groups } = app.app.get(SessionHttp, { strict: false }).repository;
    groups.policy = { leads: true };
    app.on('logout', () => app.sessions.logout({ everywhere: true }));
    const browser = await app.loggedIn({ sub: ada, sid: laptop });
    await browser.post('/logout');
    expect((await app.logIn(browser, { sub: ada, sid: laptop })).status).toBe(200);
    expect(await app.isLoggedIn(browser)).toBe(true);
    const again = await app.loggedIn({ sub: ada, sid: laptop });
    app.on('others', ({ id }) => app.sessions.revokeAll(ada, { except: id! }));
    if (app.real.capabilities.userIndex) {
      await again.post('/others');
      expect(await Promise.all([browser, again].map(app.isLoggedIn))).toEqual([false, true]);
    }
    await endLogin(laptop);
    expect(await Promise.all([browser, again].map(app.isLoggedIn))).toEqual([false, false]);
  });

  it('end under the id that they have got since, and so do those that came of them elsewhere', async () => {
    const browser = await app.loggedIn({ sub: ada, sid: laptop });
    await browser.post('/regenerate');
    app.on('again', () => app.sessions.login(ada));
    await browser.post('/again');
    const { groupId } = (await app.stored(idOf(browser)))!;
    app.on('join', (session) =>
      (session as unknown as ActiveSession).login({
        userId: ada,
        methods: [],
        remember: undefined,
        origin: { groupId: groupId! },
      }),
    );
    const shop = app.browser();
    await shop.post('/join');
    await endLogin(laptop);
    expect([await app.isLoggedIn(browser), await app.isLoggedIn(shop)]).toEqual([false, false]);
  });

  it('go on in their single sign-on when the user comes back from the provider with the same login', async () => {
    const { groups } = app.app.get(SessionHttp, { strict: false }).repository;
    groups.policy = { leads: true };
    app.on('join', (session, { group }) =>
      (session as unknown as ActiveSession).login({
        userId: ada,
        methods: [],
        remember: undefined,
        origin: { groupId: group! },
      }),
    );
    const [browser, shop] = [await app.loggedIn({ sub: ada, sid: laptop }), app.browser()];
    await shop.post(`/join?group=${(await app.stored(idOf(browser)))!.groupId}`);
    await app.logIn(browser, { sub: ada, sid: laptop });
    expect(await Promise.all([browser, shop].map(app.isLoggedIn))).toEqual([true, true]);
    await app.logIn(browser, { sub: ada, sid: randomUUID() });
    expect(await Promise.all([browser, shop].map(app.isLoggedIn))).toEqual([true, false]);
  });

  it('leave a login at the provider for another one', async () => {
    const browser = await app.loggedIn({ sub: ada, sid: laptop });
    await app.logIn(browser, { sub: ada, sid: 'another' + laptop });
    await endLogin(laptop);
    expect(await app.isLoggedIn(browser)).toBe(true);
    await endLogin('another' + laptop);
    expect(await app.isLoggedIn(browser)).toBe(false);
  });

  describe('whose logout comes first', () => {
    it('are refused at once for 10 minutes, by the login that it names', async () => {
      await endLogin(laptop);
      const browser = app.browser();
      app.clock.advance(MEMORY - 1);
      const visit = await app.logIn(browser, { sub: ada, sid: laptop });
      expect([visit.status, visit.setCookies]).toEqual([409, []]);
      expect((await app.logIn(browser, { sub: ada, sid: randomUUID() })).status).toBe(200);
      app.clock.advance(1);
      expect((await app.logIn(browser, { sub: ada, sid: laptop })).status).toBe(200);
      expect(await app.isLoggedIn(browser)).toBe(true);
    });

    it.each([undefined, 'with a sid'])(
      'are refused for 10 minutes when their token is not newer, %s',
      async (sid) => {
        const login = { sub: ada, ...(sid && { sid: randomUUID() }) };
        const at = now();
        await endUser();
        app.clock.advance(MEMORY - 1);
        const browser = app.browser();
        // As often as it comes: it is that login.
        for (const iat of [at - 60, at, at]) {
          expect((await app.logIn(browser, { ...login, iat })).status).toBe(409);
        }
        expect((await app.logIn(browser, { ...login, iat: at + 1 })).status).toBe(200);
        app.clock.advance(1);
        expect((await app.logIn(browser, { ...login, iat: at })).status).toBe(200);
      },
    );

    it('are refused once when they do not say when they were, if it has found nothing to end', async () => {
      await endUser();
      const browser = app.browser();
      // One that says when it was is not the one that it waits for.
      expect((await app.logIn(app.browser(), { sub: ada, iat: now() - 1 })).status).toBe(409);
      expect((await app.logIn(browser, { sub: ada, iat: now() + 1 })).status).toBe(200);
      expect((await app.logIn(app.browser(), { sub: ada })).status).toBe(409);
      expect((await app.logIn(browser, { sub: ada })).status).toBe(200);
    });

    it('are not refused when they do not say when they were, if it has found something to end', async () => {
      await app.loggedIn({ sub: ada });
      await endUser();
      expect((await app.logIn(app.browser(), { sub: ada })).status).toBe(200);
    });

    it('are not refused after 10 minutes when they do not say when they were', async () => {
      await endUser();
      app.clock.advance(MEMORY);
      expect((await app.logIn(app.browser(), { sub: ada })).status).toBe(200);
    });

    it('are refused without being forgotten, where the same browser has logged in meanwhile', async () => {
      await endUser();
      const browser = await app.loggedIn({ sub: ada, iat: now() + 1 });
      expect((await app.logIn(browser, { sub: ada, iat: now() - 1 })).status).toBe(409);
      expect(await app.isLoggedIn(browser)).toBe(true);
      await endUser({ iat: now() + 2 });
      expect(await app.isLoggedIn(browser)).toBe(false);
    });

    it('are not those of others', async () => {
      await endUser();
      const others = [{ sub: randomUUID() }, { sub: ada, iss: 'https://other.example.com' }];
      for (const other of others) {
        expect((await app.logIn(app.browser(), { ...other, iat: now() - 60 })).status).toBe(200);
      }
    });

    it('are measured by the last of several logouts', async () => {
      await endUser({ iat: now() });
      await endUser({ iat: now() - 60, exp: now() + 60 });
      expect((await app.logIn(app.browser(), { sub: ada, iat: now() - 30 })).status).toBe(409);
    });
  });

  const logouts = [
    { of: 'the login', login: () => ({ sub: ada, sid: laptop }), end: () => endLogin(laptop) },
    { of: 'the user', login: () => ({ sub: ada, sid: laptop }), end: () => endUser() },
    {
      of: 'the user, of a login without a name',
      login: () => ({ sub: ada, iat: now() - 1 }),
      end: () => endUser(),
    },
  ];

  it.each(logouts)('are over, wherever they are when the logout of $of comes', async ({ login, end }) => {
    let steps = 0;
    for (let isHeld = true; isHeld; steps++) {
      [ada, laptop] = [randomUUID(), randomUUID()];
      const [browser, barrier] = [app.browser(), new Barrier()];
      let calls = 0;
      app.watched.before = async () => {
        calls += 1;
        await (calls === steps + 1 && barrier.wait());
      };
      const visit = app.logIn(browser, login());
      isHeld = await Promise.race([barrier.reached.then(() => true), visit.then(() => false)]);
      app.watched.before = () => undefined;
      expect((await end()).status).toBe(200);
      barrier.open();
      const { status } = await visit;
      expect([steps, await app.isLoggedIn(browser)]).toEqual([steps, false]);
      expect([200, 409]).toContain(status);
    }
    expect(steps).toBeGreaterThan(6);
  });

  it.each(logouts)('are over, wherever the logout of $of is when they come', async ({ login, end }) => {
    let steps = 0;
    for (let isHeld = true; isHeld; steps++) {
      [ada, laptop] = [randomUUID(), randomUUID()];
      const [browser, barrier] = [app.browser(), new Barrier()];
      let calls = 0;
      app.watched.before = async () => {
        calls += 1;
        await (calls === steps + 1 && barrier.wait());
      };
      const logout = end();
      isHeld = await Promise.race([barrier.reached.then(() => true), logout.then(() => false)]);
      app.watched.before = () => undefined;
      await app.logIn(browser, login());
      barrier.open();
      expect((await logout).status).toBe(200);
      expect([steps, await app.isLoggedIn(browser)]).toEqual([steps, false]);
    }
    expect(steps).toBeGreaterThan(2);
  });

  it('are forgotten by and by when they have ended', async () => {
    const { side } = app.app.get(SessionHttp, { strict: false }).repository;
    const kind = 'nest-sessions/oidc-subject';
    const listed = async () =>
      (await side.get<{ groups: unknown[] }>({ id: sideId(kind, '', ISSUER, ada), kind }))!.content.groups;
    app.on('logout', () => app.sessions.logout());
    const alive = await app.loggedIn({ sub: ada });
    for (let time = 1; time < 60; time++) {
      const browser = await app.loggedIn({ sub: ada });
      await browser.post('/logout');
    }
    expect(await listed()).toHaveLength(60);
    app.clock.advance(MEMORY);
    await app.loggedIn({ sub: ada });
    await app.loggedIn({ sub: ada });
    await app.loggedIn({ sub: ada });
    expect((await listed()).length).toBeLessThan(20);
    await endUser();
    expect(await app.isLoggedIn(alive)).toBe(false);
  });
});

describeMemory('Logins through one provider at two applications of one store', ({ make }) => {
  it('end each with the logout that its own application is told', async () => {
    const store = new MemoryStore(1000);
    const open = (audience: string, key: number) =>
      oidcApp({
        adapter: make(),
        store: { useFactory: () => store },
        session: {
          audience,
          encryption: { keys: [Buffer.alloc(32, key).toString('base64url')] },
          cookie: { name: audience },
        },
      });
    const [shop, blog] = [await open('shop', 1), await open('blog', 2)];
    const claims = { sub: 'ada', sid: 'laptop' };
    const [buyer, reader] = [await shop.loggedIn(claims), await blog.loggedIn(claims)];
    await shop.logout({ claims });
    expect([await shop.isLoggedIn(buyer), await blog.isLoggedIn(reader)]).toEqual([false, true]);
    await blog.logout({ claims });
    expect(await blog.isLoggedIn(reader)).toBe(false);
    await shop.close();
    await blog.close();
  });
});

describeMemory('login() with the claims of an ID token', ({ make, openStore }) => {
  let ground: Playground;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore(), serve: { controllers: [Recent] } });
    ground.on('login', (_session, { claims }) =>
      ground.sessions.login('ada', { oidc: JSON.parse(claims!) }).catch((error: unknown) => {
        if (error instanceof TypeError) return { message: error.message };
        throw error;
      }),
    );
  });
  afterEach(() => ground.close());

  const logIn = (claims: unknown, browser = ground.browser()) =>
    browser.post(`/login?claims=${encodeURIComponent(JSON.stringify(claims))}`);

  it('takes them as they are, with whatever else is among them, also without the module', async () => {
    const browser = ground.browser();
    const claims = { iss: ISSUER, sub: 'ada', aud: 'shop', exp: 1, nonce: 'n', amr: ['pwd'], email: 'a@b.c' };
    await logIn(claims, browser);
    expect(await ground.stored(idOf(browser))).toMatchObject({
      userId: 'ada',
      groupId: expect.stringMatching(/^[0-9a-f]{32}$/),
      authenticatedAt: ground.clock.now(),
    });
  });

  it.each([
    { claims: 'ada', problem: 'iss and sub' },
    { claims: { iss: ISSUER }, problem: 'iss and sub' },
    { claims: { iss: '', sub: 'ada' }, problem: 'iss and sub' },
    { claims: { iss: ISSUER, sub: 7 }, problem: 'iss and sub' },
    { claims: { iss: ISSUER, sub: 'a'.repeat(2049) }, problem: 'iss and sub' },
    { claims: { iss: ISSUER, sub: 'ada', sid: '' }, problem: 'sid' },
    { claims: { iss: ISSUER, sub: 'ada', sid: 7 }, problem: 'sid' },
    { claims: { iss: ISSUER, sub: 'ada', iat: 'now' }, problem: 'iat and auth_time' },
    { claims: { iss: ISSUER, sub: 'ada', auth_time: -1 }, problem: 'iat and auth_time' },
  ])('says what is wrong with $claims', async ({ claims, problem }) => {
    const browser = ground.browser();
    expect((await logIn(claims, browser)).json().message).toContain(`ID token: ${problem}`);
    expect(browser.cookie()).toBeUndefined();
  });

  it('8.2 honours when the user has proved to the provider who they are', async () => {
    const seconds = Math.floor(ground.clock.now() / 1000);
    const browser = ground.browser();
    await logIn({ iss: ISSUER, sub: 'ada', auth_time: seconds - 9 * 60 }, browser);
    expect((await browser.get('/recent')).status).toBe(200);
    ground.clock.advance(61);
    expect((await browser.get('/recent')).status).toBe(403);
    await logIn({ iss: ISSUER, sub: 'ada', auth_time: seconds + 61 }, browser);
    expect((await browser.get('/recent')).status).toBe(200);
  });

  it('8.2 takes nobody for more recent than now, whatever the clock of the provider says', async () => {
    const seconds = Math.floor(ground.clock.now() / 1000);
    const browser = ground.browser();
    await logIn({ iss: ISSUER, sub: 'ada', auth_time: seconds + 3600 }, browser);
    expect(await ground.stored(idOf(browser))).toMatchObject({ authenticatedAt: ground.clock.now() });
  });
});

@Controller()
class Recent {
  @Get('recent')
  @RequireRecentLogin('10m')
  recent() {
    return 'recent';
  }
}

it.each(adapters)(
  'login() refuses it where sessions travel with their clients, on $adapter',
  async ({ make }) => {
    const store = cookieStore({ keys: [Buffer.alloc(32, 7).toString('base64url')] });
    const ground = await playground({ adapter: make(), store });
    ground.on('login', () =>
      ground.sessions.login('ada', { oidc: { iss: ISSUER, sub: 'ada' } }).catch((error: Error) => ({
        error: error.name,
        message: error.message,
      })),
    );
    const visit = await ground.browser().post('/login');
    expect(visit.json()).toEqual({
      error: 'SessionCapabilityError',
      message: expect.stringContaining('end a session when its identity provider says so'),
    });
    expect(visit.setCookies).toEqual([]);
    await ground.close();
  },
);
