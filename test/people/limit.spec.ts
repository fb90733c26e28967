import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { SessionModuleOptions } from 'nest-sessions';
import type { Browser } from '../support/browser.js';
import { Meeting } from '../support/meeting.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeStores } from '../support/stores-under-test.js';

type Exceeded = NonNullable<SessionModuleOptions['maxSessionsPerUser']>['exceeded'];

describeStores('maxSessionsPerUser', ({ make, openStore }) => {
  let ground: Playground;
  /** The tests share the store. */
  let ada: string;

  /** Whether there is an application to test: a store that cannot list sessions fails the boot, which has its own test. */
  async function open(exceeded: Exceeded, limit = 2): Promise<boolean> {
    try {
      ground = await playground({
        adapter: make(),
        store: openStore(),
        session: { maxSessionsPerUser: { limit, exceeded } },
      });
    } catch (error) {
      expect(String(error)).toContain('cannot find the sessions of a user');
      return false;
    }
    ground.on('login', () => ground.sessions.login(ada));
    ground.on('who', ({ userId, data }) => ({ userId, data }));
    return true;
  }
  beforeEach(() => {
    ground = undefined as never;
    ada = randomUUID();
  });
  afterEach(() => ground?.close());

  const who = async (browser: Browser) => (await browser.post('/who')).json().userId;
  const logIn = async (browser = ground.browser()) => {
    ground.clock.advance(1);
    const visit = await browser.post('/login');
    return { browser, visit };
  };

  it('3.6 ends the session whose login is longest ago', async () => {
    if (!(await open('evict-oldest'))) return;
    const [one, two] = [await logIn(), await logIn()];
    // Neither a visit nor a new login of the same session counts against others.
    await one.browser.post('/who');
    const oldest = idOf(one.browser);
    const three = await logIn();
    expect(await Promise.all([one, two, three].map(({ browser }) => who(browser)))).toEqual([
      undefined,
      ada,
      ada,
    ]);
    expect(ground.events).toContainEqual({ type: 'revoked', id: oldest, reason: 'limit' });
    expect(await ground.sessions.list(ada)).toHaveLength(2);
  });

  it('3.6 refuses a login beyond it with 409, and leaves the anonymous session as it was', async () => {
    if (!(await open('refuse'))) return;
    const [one, two] = [await logIn(), await logIn()];
    const visitor = await ground.visitor({ basket: 'tea' });
    const { visit } = await logIn(visitor);
    expect(visit.status).toBe(409);
    expect(visit.json()).toMatchObject({ errorCode: 'TOO_MANY_SESSIONS' });
    expect(visit.setCookies).toEqual([]);
    expect((await visitor.post('/who')).json()).toEqual({ data: { basket: 'tea' } });
    expect(await Promise.all([one, two].map(({ browser }) => who(browser)))).toEqual([ada, ada]);
  });

  it.each(['refuse', 'evict-oldest'] as const)(
    'lets the same session log in again at the limit (%s)',
    async (exceeded) => {
      if (!(await open(exceeded))) return;
      const [one, two] = [await logIn(), await logIn()];
      expect((await logIn(one.browser)).visit.status).toBe(200);
      expect(await Promise.all([one, two].map(({ browser }) => who(browser)))).toEqual([ada, ada]);
    },
  );

  it.each(['refuse', 'evict-oldest'] as const)(
    'counts neither other users nor what has expired (%s)',
    async (exceeded) => {
      if (!(await open(exceeded, 1))) return;
      await logIn();
      ground.clock.advance(15 * 24 * 3600);
      ground.on('bob', () => ground.sessions.login(`other than ${ada}`));
      await ground.browser().post('/bob');
      const { browser, visit } = await logIn();
      expect(visit.status).toBe(200);
      expect(await who(browser)).toBe(ada);
    },
  );

  it.each([
    { exceeded: 'refuse', limit: 1 },
    { exceeded: 'refuse', limit: 3 },
    { exceeded: 'evict-oldest', limit: 1 },
    { exceeded: 'evict-oldest', limit: 3 },
  ] as const)(
    '3.6 is never passed by logins at the same moment ($exceeded, $limit)',
    async ({ exceeded, limit }) => {
      if (!(await open(exceeded, limit))) return;
      for (let count = 1; count < limit; count++) {
        await logIn();
      }
      const meeting = new Meeting(4);
      ground.on('together', async () => {
        await ground.sessions.login(ada);
        await meeting.join();
      });
      const browsers = Array.from({ length: 4 }, () => ground.browser());
      await Promise.all(browsers.map((browser) => browser.post('/together')));
      const alive = await ground.sessions.list(ada);
      expect(alive.length).toBeLessThanOrEqual(limit);
      if (exceeded === 'evict-oldest') {
        expect(alive).toHaveLength(limit);
      }
      const held = await Promise.all(
        browsers.map(async (browser) => ((await who(browser)) ? [idOf(browser)] : [])),
      );
      expect(alive.map(({ id }) => id)).toEqual(expect.arrayContaining(held.flat()));
    },
  );

  it('answers 409 once and starts nothing when the last place goes to another login meanwhile', async () => {
    if (!(await open('refuse', 1))) return;
    const held = ground.hold('before', 'create');
    const late = ground.browser();
    const visit = late.post('/login');
    await held.reached;
    await logIn();
    held.open();
    expect(await visit).toMatchObject({ status: 409, setCookies: [] });
    expect(await ground.sessions.list(ada)).toHaveLength(1);
    expect(ground.count('created')).toBe(2);
  });
});
