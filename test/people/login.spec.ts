import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Makes `POST /login?user=…` and `POST /logout` do what they say. */
function withLogin(ground: Playground): void {
  ground.on('login', (_session, { user, remember }) =>
    ground.sessions.login(user!, { methods: ['pwd'], ...(remember && { remember: remember === 'yes' }) }),
  );
  ground.on('logout', () => ground.sessions.logout());
  ground.on('who', ({ userId, data }) => ({ userId, data }));
}

const maxAgeOf = (setCookies: readonly string[]) => /Max-Age=(\d+)/.exec(setCookies[0] ?? '')?.[1];

describeStores('Logging in and out', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;
  let id: string;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    withLogin(ground);
    browser = await ground.visitor({ basket: 'tea' });
    id = idOf(browser);
  });
  afterEach(() => ground.close());

  const who = async (visitor = browser) => (await visitor.post('/who')).json();

  it('2.1 gives a new id and secret at login, keeps what an anonymous visitor has, and the old token is dead', async () => {
    const before = browser.fork();
    await browser.post('/login?user=ada');
    expect(idOf(browser)).not.toBe(id);
    expect(await who()).toEqual({ userId: 'ada', data: { basket: 'tea' } });
    expect(await ground.stored(id)).toBeUndefined();
    ground.clock.advance(60);
    expect(await who(before)).toEqual({ data: {} });
    expect(before.cookie()).toBeUndefined();
  });

  it('starts a session for a visitor who has none', async () => {
    const newcomer = ground.browser();
    await newcomer.post('/login?user=ada');
    expect(await who(newcomer)).toEqual({ userId: 'ada', data: {} });
  });

  it('2.2 gives a new id when the same user logs in again, and keeps the data', async () => {
    await browser.post('/login?user=ada');
    const first = idOf(browser);
    await browser.post('/set?colour=red');
    await browser.post('/login?user=ada');
    expect(idOf(browser)).not.toBe(first);
    expect(await ground.stored(first)).toBeUndefined();
    expect(await who()).toEqual({ userId: 'ada', data: { basket: 'tea', colour: 'red' } });
  });

  it("drops everything of another user's session, flash messages and expiry included", async () => {
    await browser.post('/login?user=ada&remember=no');
    ground.on('leave', (session) => {
      session.set('letter', 'for Ada');
      session.flash('notice', 'for Ada');
    });
    await browser.post('/leave');
    const first = idOf(browser);
    const { setCookies } = await browser.post('/login?user=bob');
    expect(await ground.stored(first)).toBeUndefined();
    expect(await who()).toEqual({ userId: 'bob', data: {} });
    expect(await ground.dataOf(idOf(browser))).toEqual({ $methods: ['pwd'] });
    expect(maxAgeOf(setCookies)).toBe(String(14 * DAY));
  });

  it('2.11, 2.14 ends the session at once at logout, clears the cookie, and a copied token is nothing', async () => {
    await browser.post('/login?user=ada');
    const thief = browser.fork();
    const { setCookies } = await browser.post('/logout');
    expect(setCookies).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(browser.cookie()).toBeUndefined();
    ground.clock.advance(60);
    expect(await who(thief)).toEqual({ data: {} });
  });

  it.each(['/login?user=ada', '/logout'])('leaves the other sessions of the user alone: %s', async (path) => {
    const other = ground.browser();
    await other.post('/login?user=ada');
    await browser.post('/login?user=ada');
    await browser.post(path);
    expect(await who(other)).toMatchObject({ userId: 'ada' });
  });

  it('leaves the old session as it was when the response fails, and logs nobody in', async () => {
    ground.on('fail', async (session) => {
      await ground.sessions.login('ada');
      session.set('basket', 'nothing');
      throw new Error('after login');
    });
    const { status, setCookies } = await browser.post('/fail');
    expect(status).toBe(500);
    expect(setCookies).toEqual([]);
    expect(await who()).toEqual({ data: { basket: 'tea' } });
    expect(ground.count('login')).toBe(0);
  });

  it("leaves another user's session as it was when the response fails", async () => {
    await browser.post('/login?user=ada');
    ground.on('fail', async () => {
      await ground.sessions.login('bob');
      throw new Error('after login');
    });
    expect((await browser.post('/fail')).status).toBe(500);
    expect(await who()).toEqual({ userId: 'ada', data: { basket: 'tea' } });
  });

  it('stays logged out when the response of a logout fails', async () => {
    await browser.post('/login?user=ada');
    ground.on('fail', async () => {
      await ground.sessions.logout();
      throw new Error('after logout');
    });
    const { status, setCookies } = await browser.post('/fail');
    expect(status).toBe(500);
    expect(setCookies).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(await who()).toEqual({ data: {} });
  });
});

describeMemory('A login', ({ make, openStore }) => {
  let ground: Playground;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    withLogin(ground);
  });
  afterEach(() => ground.close());

  it('shows in the session before it is committed, and is committed once', async () => {
    const browser = await ground.visitor();
    ground.on('see', async (session) => {
      const { id } = session;
      await ground.sessions.login('ada');
      await ground.sessions.login('ada');
      await session.regenerate();
      return { same: session.id === id, userId: session.userId, at: session.authenticatedAt };
    });
    const seen = (await browser.post('/see')).json();
    expect(seen).toEqual({ same: true, userId: 'ada', at: new Date(ground.clock.now()).toISOString() });
    expect(ground.watched.take()).toEqual(['load', 'replace']);
    expect(ground.count('login')).toBe(1);
  });

  it('takes one create for a visitor who has no session', async () => {
    const { setCookies } = await ground.browser().post('/login?user=ada');
    expect(setCookies).toHaveLength(1);
    expect(ground.watched.take()).toEqual(['create']);
    expect(ground.events.map(({ type }) => type)).toEqual(['created', 'login']);
  });

  it('is committed by save(), and honoured in the cookie whatever the status', async () => {
    const browser = await ground.visitor();
    ground.on('save', async (session) => {
      await ground.sessions.login('ada');
      await session.save();
      throw new Error('after save()');
    });
    expect((await browser.post('/save')).setCookies).toHaveLength(1);
    expect((await browser.post('/who')).json()).toMatchObject({ userId: 'ada' });
  });

  it('does nothing when the same request logs out again', async () => {
    const browser = await ground.visitor();
    ground.on('both', async () => {
      await ground.sessions.login('ada');
      await ground.sessions.logout();
    });
    await browser.post('/both');
    expect(browser.cookie()).toBeUndefined();
    expect(ground.events.map(({ type }) => type)).toEqual(['revoked']);
  });

  it('is undone by reload()', async () => {
    const browser = await ground.visitor();
    ground.on('reload', async (session) => {
      await ground.sessions.login('ada');
      await session.reload();
      return { userId: session.userId };
    });
    expect((await browser.post('/reload')).json()).toEqual({});
    expect(ground.count('login')).toBe(0);
  });

  it('works for a visitor whose session ended a moment ago', async () => {
    const browser = await ground.visitor({ old: 'data' });
    const tab = browser.fork();
    await browser.post('/flush');
    await tab.post('/login?user=ada');
    expect((await tab.post('/who')).json()).toEqual({ userId: 'ada', data: {} });
  });

  it('works after the same request has lost its session to another', async () => {
    const browser = await ground.visitor({ old: 'data' });
    ground.on('lose', async (session) => {
      await ground.sessions.revoke(session.id!);
      session.set('more', 1);
      await session.save().catch(() => undefined);
      await ground.sessions.login('ada');
    });
    await browser.post('/lose');
    expect((await browser.post('/who')).json()).toEqual({ userId: 'ada', data: {} });
  });

  it('2.6 begins the absolute timeout anew, which no activity extends', async () => {
    const browser = await ground.visitor();
    ground.clock.advance(10 * DAY);
    await browser.post('/login?user=ada');
    for (const days of [10, 10, 9.9]) {
      ground.clock.advance(days * DAY);
      expect((await browser.post('/set?n=1')).status).toBe(200);
      expect((await browser.post('/who')).json()).toMatchObject({ userId: 'ada' });
    }
    ground.clock.advance(0.1 * DAY);
    expect((await browser.post('/who')).json()).toEqual({ data: {} });
  });

  it('2.7 resets both timers when the same user logs in again; a visit resets the idle one alone', async () => {
    const browser = ground.browser();
    await browser.post('/login?user=ada');
    const { absoluteExpiresAt } = (await ground.stored(idOf(browser)))!;
    ground.clock.advance(DAY);
    await browser.post('/who');
    const visited = (await ground.stored(idOf(browser)))!;
    expect(visited.absoluteExpiresAt).toBe(absoluteExpiresAt);
    expect(visited.expiresAt).toBe(ground.clock.now() + 14 * DAY * 1000);
    await browser.post('/login?user=ada');
    const again = (await ground.stored(idOf(browser)))!;
    expect(again.absoluteExpiresAt).toBe(absoluteExpiresAt! + DAY * 1000);
    expect(again.authenticatedAt).toBe(ground.clock.now());
  });

  it.each([
    { remember: 'yes', expireAtBrowserClose: true, maxAge: String(14 * DAY) },
    { remember: 'no', expireAtBrowserClose: false, maxAge: undefined },
    { remember: '', expireAtBrowserClose: true, maxAge: undefined },
    { remember: '', expireAtBrowserClose: false, maxAge: String(14 * DAY) },
  ])(
    '2.15 keeps the cookie by remember "$remember", or by the module (expireAtBrowserClose: $expireAtBrowserClose)',
    async ({ remember, expireAtBrowserClose, maxAge }) => {
      const other = await playground({
        adapter: make(),
        store: openStore(),
        session: { expireAtBrowserClose },
      });
      try {
        withLogin(other);
        const { setCookies } = await other.browser().post(`/login?user=ada&remember=${remember}`);
        expect(maxAgeOf(setCookies)).toBe(maxAge);
      } finally {
        await other.close();
      }
    },
  );

  it.each([[''], ['x'.repeat(256)], [7], [undefined], [null]])('refuses the user id %j', async (userId) => {
    const caught: unknown[] = [];
    ground.on('wrong', () => ground.sessions.login(userId as string).catch((error) => caught.push(error)));
    const { setCookies } = await ground.browser().post('/wrong');
    expect(caught).toEqual([expect.any(TypeError)]);
    expect(setCookies).toEqual([]);
  });

  it('refuses to log in where no token can reach the client', async () => {
    const session = await ground.sessions.create();
    const found = (await ground.sessions.open(session.id!))!;
    await expect(ground.sessions.run(found, () => ground.sessions.login('ada'))).rejects.toMatchObject({
      name: 'SessionUndeliverableError',
    });
    await expect(ground.sessions.login('ada')).rejects.toMatchObject({ name: 'SessionContextError' });
  });

  it('records the address and the browser it came from', async () => {
    const browser = await ground.visitor();
    await browser.post('/login?user=ada', { headers: { 'user-agent': 'Lynx/2.9' } });
    expect(await ground.stored(idOf(browser))).toMatchObject({ ip: '127.0.0.1', userAgent: 'Lynx/2.9' });
  });
});
