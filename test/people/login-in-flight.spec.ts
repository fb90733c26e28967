import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Visit } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';

type Point = readonly ['before' | 'after', 'load' | 'commit' | 'replace' | 'destroy'];

describeStores('Requests in flight during login, logout and revoke', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    ground.on('login', (_session, { user }) => ground.sessions.login(user!));
    ground.on('logout', () => ground.sessions.logout());
    ground.on('inject', (session) => session.update({ role: 'admin', letter: 'of the anonymous visitor' }));
    ground.on('count', (session) => session.update('n', (n = 0) => n + 1));
    browser = await ground.visitor({ basket: 'tea' });
  });
  afterEach(() => ground.close());

  /** Holds a request of another tab at the point, does something meanwhile, and lets it go on. */
  async function during([when, verb]: Point, path: string, act: () => Promise<unknown>): Promise<Visit> {
    const held = ground.hold(when, verb);
    const visit = browser.fork().post(path);
    await held.reached;
    await act();
    held.open();
    return visit;
  }

  /** How many sessions there are of those that have ever been. */
  async function alive(): Promise<string[]> {
    const ids = ground.events.flatMap((event) =>
      event.type === 'created' || event.type === 'login' || event.type === 'regenerated' ? [event.id] : [],
    );
    const found = await Promise.all(
      [...new Set(ids)].map(async (id) => ((await ground.stored(id)) ? [id] : [])),
    );
    return found.flat();
  }

  const points: { where: string; point: Point; isBefore: boolean }[] = [
    { where: 'before its load', point: ['before', 'load'], isBefore: true },
    { where: 'between its load and its commit', point: ['after', 'load'], isBefore: true },
    { where: 'just before its commit', point: ['before', 'commit'], isBefore: true },
    { where: 'after its commit', point: ['after', 'commit'], isBefore: false },
  ];

  it.each(points)(
    '2.4 cannot write into the session of a login $where, nor put the old token back',
    async ({ point, isBefore }) => {
      const anonymous = idOf(browser);
      const late = await during(point, '/inject', () => browser.post('/login?user=ada'));
      expect(late.setCookies).toEqual([]);
      expect(await ground.stored(anonymous)).toBeUndefined();
      const data = await ground.dataOf(idOf(browser));
      // What was committed before the login is the anonymous data that the login keeps.
      expect(data).toEqual(
        isBefore ? { basket: 'tea' } : { basket: 'tea', role: 'admin', letter: expect.any(String) },
      );
    },
  );

  it.each(points.filter(({ isBefore }) => isBefore))(
    "leaves nothing of one user in the session of the next: a write $where of the other's login",
    async ({ point }) => {
      await browser.post('/login?user=ada');
      const adas = idOf(browser);
      const late = await during(point, '/inject', () => browser.post('/login?user=bob'));
      expect(late.setCookies).toEqual([]);
      expect(await ground.stored(adas)).toBeUndefined();
      expect(await ground.stored(idOf(browser))).toMatchObject({ userId: 'bob' });
      expect(await ground.dataOf(idOf(browser))).toEqual({});
    },
  );

  it("leaves nothing of one user in the next one's session when a write commits before the login does", async () => {
    await browser.post('/login?user=ada');
    const login = await during(['before', 'replace'], '/login?user=bob', () => browser.post('/inject'));
    const [, id] = /sessionid=([0-9a-f]{32})/.exec(login.setCookies[0]!)!;
    expect(await ground.stored(id!)).toMatchObject({ userId: 'bob' });
    expect(await ground.dataOf(id!)).toEqual({});
  });

  it("leaves nothing of one user in the next one's session when the first had no data at the login", async () => {
    await browser.post('/flush');
    await browser.post('/login?user=ada');
    const login = await during(['before', 'replace'], '/login?user=bob', () => browser.post('/inject'));
    const [, id] = /sessionid=([0-9a-f]{32})/.exec(login.setCookies[0]!)!;
    expect(await ground.dataOf(id!)).toEqual({});
  });

  it('keeps what an anonymous visitor writes just before the login commits', async () => {
    const login = await during(['before', 'replace'], '/login?user=ada', () => browser.post('/count'));
    const [, id] = /sessionid=([0-9a-f]{32})/.exec(login.setCookies[0]!)!;
    expect(await ground.dataOf(id!)).toEqual({ basket: 'tea', n: 1 });
  });

  const endings = [
    { what: 'logs out', end: () => browser.post('/logout') },
    { what: 'has its session revoked', end: () => ground.sessions.revoke(idOf(browser)) },
  ];
  const requests = [
    { what: 'a write', path: '/inject', verb: 'commit' },
    { what: 'a regeneration', path: '/regenerate', verb: 'replace' },
    { what: 'a login of the same user', path: '/login?user=ada', verb: 'replace' },
    { what: 'a login of another user', path: '/login?user=bob', verb: 'replace' },
  ] as const;
  const cases = endings.flatMap((ending) =>
    requests.map((request) => ({ ...request, ...ending, by: ending.what })),
  );

  it.each(cases)('2.12 stays logged out when the user $by between load and commit of: $path', async (row) => {
    await browser.post('/login?user=ada');
    const id = idOf(browser);
    const late = await during(['before', row.verb], row.path, row.end);
    expect(late.status).toBe(200);
    expect(late.setCookies).toEqual([]);
    expect(await ground.stored(id)).toBeUndefined();
    expect(await alive()).toEqual([]);
    expect(ground.count('interrupted')).toBe(1);
  });

  it.each(requests.slice(0, 2))(
    '2.12 stays logged out when the user logs out before the load of: $path',
    async ({ path }) => {
      await browser.post('/login?user=ada');
      const late = await during(['before', 'load'], path, () => browser.post('/logout'));
      expect(late.setCookies).toEqual([]);
      expect(await alive()).toEqual([]);
    },
  );

  it.each(requests)(
    '2.12 stays logged out when the user logs out just after the commit of: $path',
    async ({ path, verb }) => {
      await browser.post('/login?user=ada');
      const late = await during(['after', verb], path, async () => {
        expect((await browser.post('/logout')).setCookies).toEqual([expect.stringContaining('Max-Age=0')]);
      });
      expect(late.status).toBe(200);
      expect(late.setCookies).toEqual([]);
      expect(await alive()).toEqual([]);
    },
  );

  it.each([
    { what: 'a regeneration', path: '/regenerate' },
    { what: 'a login of the same user', path: '/login?user=ada' },
  ])('2.12 stays logged out when $what commits between load and end of the logout', async ({ path }) => {
    await browser.post('/login?user=ada');
    const late = await during(['before', 'destroy'], '/logout', async () => {
      expect((await browser.post(path)).setCookies).toHaveLength(1);
    });
    expect(late.setCookies).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(await alive()).toEqual([]);
  });

  it('cannot be logged out by somebody who knows its former id alone', async () => {
    await browser.post('/login?user=ada');
    const former = idOf(browser);
    await browser.post('/regenerate');
    const cookie = `sessionid=${former}.${'S'.repeat(43)}`;
    await ground.browser().post('/logout', { headers: { cookie } });
    expect(await ground.stored(idOf(browser))).toBeDefined();
  });

  const givenBy = ({ setCookies }: Visit) => /sessionid=([0-9a-f]{32})/.exec(setCookies[0] ?? '')?.[1];

  it.each([
    { where: 'before its load', point: ['before', 'load'] },
    { where: 'between load and commit', point: ['before', 'replace'] },
  ] as const)(
    'leaves one session, with all data, of two logins by a button that was clicked twice: the second $where',
    async ({ point }) => {
      ground.on('welcome', async (session) => {
        await ground.sessions.login('ada');
        session.set('welcomed', true);
      });
      const late = await during(point, '/welcome', () => browser.post('/login?user=ada'));
      expect(await alive()).toEqual([givenBy(late)]);
      expect(await ground.stored(givenBy(late)!)).toMatchObject({ userId: 'ada' });
      expect(await ground.dataOf(givenBy(late)!)).toEqual({ basket: 'tea', welcomed: true });
    },
  );

  it('does so for a user who is asked to log in again, too', async () => {
    await browser.post('/login?user=ada');
    const late = await during(['before', 'replace'], '/login?user=ada', () =>
      browser.post('/login?user=ada'),
    );
    expect(await alive()).toEqual([givenBy(late)]);
    expect(await ground.dataOf(givenBy(late)!)).toEqual({ basket: 'tea' });
  });

  it('leaves one session of three logins, the last of which is done while another looks for what came of the first', async () => {
    const replaces = ground.hold('before', 'replace');
    const late = browser.fork().post('/login?user=ada');
    await replaces.reached;
    await browser.post('/login?user=ada');
    const looks = ground.hold('before', 'load');
    replaces.open();
    await looks.reached;
    await browser.post('/login?user=ada');
    looks.open();
    const given = givenBy(await late);
    expect(await alive()).toEqual([given]);
  });

  it('begins a session of its own for a login that another user was faster with', async () => {
    const late = await during(['before', 'replace'], '/login?user=bob', () =>
      browser.post('/login?user=ada'),
    );
    expect(await ground.stored(givenBy(late)!)).toMatchObject({ userId: 'bob' });
    expect(await ground.dataOf(givenBy(late)!)).toEqual({});
    expect(await ground.stored(idOf(browser))).toMatchObject({ userId: 'ada' });
  });

  it('begins a session with nothing of an anonymous one that was flushed meanwhile', async () => {
    ground.on('welcome', async (session) => {
      await ground.sessions.login('ada');
      session.set('welcomed', true);
    });
    const late = await during(['before', 'replace'], '/welcome', () => browser.post('/flush'));
    expect(await ground.stored(givenBy(late)!)).toMatchObject({ userId: 'ada' });
    expect(await ground.dataOf(givenBy(late)!)).toEqual({ welcomed: true });
  });

  it('gives nobody a token that is dead already when many log in at once', async () => {
    const visits = await Promise.all([0, 1, 2].map(() => browser.fork().post('/login?user=ada')));
    const [left] = await alive();
    expect(await alive()).toHaveLength(1);
    expect(visits.map(givenBy)).toContain(left);
  });
});

describeMemory('A request that waits for its turn after a conflict', ({ make, openStore }) => {
  let ground: Playground;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    ground.on('login', (_session, { user }) => ground.sessions.login(user!));
    ground.on('inject', (session) => session.set('role', 'admin'));
  });
  afterEach(() => ground.close());

  it('cannot write into the session of a login that had its turn before', async () => {
    const browser = await ground.visitor({ basket: 'tea' });
    const id = idOf(browser);
    const [heldLogin, heldWrite] = [ground.hold('before', 'replace'), ground.hold('before', 'commit')];
    const [login, write] = [browser.fork().post('/login?user=ada'), browser.fork().post('/inject')];
    await Promise.all([heldLogin.reached, heldWrite.reached]);
    // Both meet a conflict, the login first, so that the write waits for its second attempt.
    const { version, data, lastSeenAt, expiresAt } = (await ground.stored(id))!;
    await ground.real.commit(id, version, { data, lastSeenAt, expiresAt });
    const secondLogin = ground.hold('before', 'replace');
    heldLogin.open();
    await secondLogin.reached;
    const afterWrite = ground.hold('after', 'commit');
    heldWrite.open();
    await afterWrite.reached;
    afterWrite.open();
    await new Promise(setImmediate);
    secondLogin.open();
    const [, newId] = /sessionid=([0-9a-f]{32})/.exec((await login).setCookies[0]!)!;
    expect((await write).setCookies).toEqual([]);
    expect(await ground.dataOf(newId!)).toEqual({ basket: 'tea' });
  });
});
