import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ActiveSession } from '../../lib/core/active-session.js';
import type { SessionRepository } from '../../lib/core/session.repository.js';
import { SessionHttp } from '../../lib/http/session-http.js';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';

/** How long those may take who are joining a group, and so how long its end is remembered, in seconds. */
const JOINING = 10 * 60;

/** The playground with handlers that join groups. */
async function groupsGround(options: Parameters<typeof playground>[0]) {
  const ground = await playground(options);
  ground.on('join', (session, { user = 'ada', group, proved }) =>
    (session as unknown as ActiveSession).login({
      userId: user,
      methods: [],
      remember: undefined,
      origin: { groupId: group!, ...(proved && { authenticatedAt: Number(proved) }) },
    }),
  );
  ground.on('login', (_session, { user }) => ground.sessions.login(user!));
  ground.on('logout', () => ground.sessions.logout());
  ground.on('everywhere', () => ground.sessions.logout({ everywhere: true }));
  const { repository } = ground.app.get(SessionHttp, { strict: false });
  return { ...ground, repository };
}

type GroupsGround = Playground & { readonly repository: SessionRepository };

/** Those that live of the sessions that there have ever been. */
async function living({ events, stored }: Playground): Promise<string[]> {
  const ids = events.flatMap((event) =>
    event.type === 'created' || event.type === 'login' || event.type === 'regenerated' ? [event.id] : [],
  );
  const found = await Promise.all([...new Set(ids)].map(async (id) => ((await stored(id)) ? [id] : [])));
  return found.flat();
}

const newGroup = () => randomBytes(16).toString('hex');

describeStores('Groups of sessions', ({ make, openStore }) => {
  let ground: GroupsGround;
  let group: string;

  beforeEach(async () => {
    ground = await groupsGround({ adapter: make(), store: openStore() });
    group = newGroup();
  });
  afterEach(() => ground.close());

  async function member(groupId = group, user = 'ada'): Promise<Browser> {
    const browser = ground.browser();
    expect((await browser.post(`/join?group=${groupId}&user=${user}`)).setCookies).toHaveLength(1);
    return browser;
  }

  it('ends all sessions of the group and no other by logout({ everywhere: true })', async () => {
    const [one, two, three] = [await member(), await member(), await member()];
    const other = await member(newGroup());
    await two.post('/regenerate');
    ground.events.length = 0;
    const visit = await one.post('/everywhere');
    expect(visit.setCookies).toEqual([expect.stringContaining('Max-Age=0')]);
    expect(await ground.stored(idOf(two))).toBeUndefined();
    expect(await ground.stored(idOf(three))).toBeUndefined();
    expect(await ground.stored(idOf(other))).toBeDefined();
    expect(ground.events).toEqual([
      { type: 'revoked', id: idOf(three), reason: 'group' },
      { type: 'revoked', id: idOf(two), reason: 'group' },
      { type: 'logout', id: expect.any(String), userId: 'ada' },
    ]);
  });

  it('ends one session by logout(), and lets the others of its group go on', async () => {
    const [one, two] = [await member(), await member()];
    await one.post('/logout');
    expect(await living(ground)).toEqual([idOf(two)]);
    const three = await member();
    await two.post('/everywhere');
    expect(await living(ground)).toEqual([]);
    expect((await three.post('/read')).setCookies).toEqual([expect.stringContaining('Max-Age=0')]);
  });

  it('takes nobody in for 10 minutes after its end, and forgets it then', async () => {
    await (await member()).post('/everywhere');
    const late = ground.browser();
    ground.clock.advance(JOINING - 1);
    const refused = await late.post(`/join?group=${group}`);
    expect(refused.setCookies).toEqual([]);
    expect(ground.count('interrupted')).toBe(1);
    ground.clock.advance(1);
    await member();
    expect(await living(ground)).toHaveLength(1);
  });

  it('takes nobody in that had not begun when it was ended', async () => {
    expect(await ground.repository.endings.destroyGroup(group)).toBe(0);
    expect((await ground.browser().post(`/join?group=${group}`)).setCookies).toEqual([]);
    expect(await living(ground)).toEqual([]);
  });

  it('takes in who comes back after all of its sessions have expired', async () => {
    await member();
    ground.clock.advance(31 * 24 * 60 * 60);
    const browser = await member();
    await browser.post('/everywhere');
    expect(await living(ground)).toEqual([]);
  });

  it('ends what a failing store has left when it is asked again, however much later', async () => {
    const [one, two, three] = [await member(), await member(), await member()];
    ground.watched.before = (verb, [id]) => {
      if (verb === 'destroy' && id === idOf(two)) {
        throw new Error('the server is away');
      }
    };
    expect((await three.post('/everywhere')).status).toBe(503);
    ground.watched.before = () => undefined;
    expect(await ground.stored(idOf(one))).toBeUndefined();
    expect(await ground.stored(idOf(three))).toBeDefined();
    ground.clock.advance(24 * 60 * 60);
    await three.post('/everywhere');
    expect(await living(ground)).toEqual([]);
  });

  it('forgets members that have ended once there are many', async () => {
    const [browser, other] = [await member(), await member()];
    const members = async () => (await ground.repository.groups.find(group))!.members.length;
    for (let time = 1; time <= 60; time++) {
      await browser.post('/regenerate');
    }
    expect(await members()).toBe(62);
    ground.clock.advance(JOINING);
    await browser.post('/regenerate');
    expect(await members()).toBe(3);
    await other.post('/everywhere');
    expect(await living(ground)).toEqual([]);
  });

  it('does not forget a session that is stored while members that have ended are looked for', async () => {
    const browser = await member();
    for (let time = 1; time < 50; time++) {
      await browser.post('/regenerate');
    }
    ground.clock.advance(JOINING - 1);
    // On the list, and not stored yet.
    const joining = ground.hold('before', 'create');
    const join = ground.browser().post(`/join?group=${group}`);
    await joining.reached;
    ground.clock.advance(1);
    const tidying = new Barrier();
    let commits = 0;
    ground.watched.before = async (verb) => {
      commits += Number(verb === 'commit');
      await (verb === 'commit' && commits === 2 && tidying.wait());
    };
    const regeneration = browser.post('/regenerate');
    await tidying.reached;
    joining.open();
    expect((await join).setCookies).toHaveLength(1);
    tidying.open();
    await regeneration;
    await browser.post('/everywhere');
    expect(await living(ground)).toEqual([]);
  });

  const joiners = [
    { who: 'the first session of the group', begun: false, path: (id: string) => `/join?group=${id}` },
    { who: 'another session', begun: true, path: (id: string) => `/join?group=${id}` },
    { who: 'a session that gets a new id', begun: true, path: () => '/regenerate' },
  ];

  /** How many verbs of the store `act` calls, before each of which the test is run with it held there. */
  async function atEach(
    begin: () => Promise<{ held: () => Promise<unknown>; meanwhile: () => Promise<unknown> }>,
    check: (step: number) => Promise<void>,
  ): Promise<number> {
    for (let step = 0; ; step++) {
      group = newGroup();
      ground.events.length = 0;
      const { held, meanwhile } = await begin();
      const barrier = new Barrier();
      let calls = 0;
      ground.watched.before = async () => {
        calls += 1;
        await (calls === step + 1 && barrier.wait());
      };
      const running = held();
      const isHeld = await Promise.race([barrier.reached.then(() => true), running.then(() => false)]);
      ground.watched.before = () => undefined;
      await meanwhile();
      barrier.open();
      await running;
      await check(step);
      if (!isHeld) {
        return step;
      }
    }
  }

  it.each(joiners)('leaves nobody alive, whenever it is ended while $who enters', async (row) => {
    const steps = await atEach(
      async () => {
        const browser = row.begun ? await member() : ground.browser();
        const joiner = row.path(group) === '/regenerate' ? browser : ground.browser();
        return {
          held: () => joiner.post(row.path(group)),
          meanwhile: () => ground.repository.endings.destroyGroup(group),
        };
      },
      async (step) => expect([step, await living(ground)]).toEqual([step, []]),
    );
    expect(steps).toBeGreaterThanOrEqual(4);
  });

  it.each(joiners)('leaves nobody alive, whenever $who enters while it is ended', async (row) => {
    const steps = await atEach(
      async () => {
        const browser = row.begun ? await member() : ground.browser();
        const joiner = row.path(group) === '/regenerate' ? browser : ground.browser();
        return {
          held: () => ground.repository.endings.destroyGroup(group),
          meanwhile: () => joiner.post(row.path(group)),
        };
      },
      // What comes last is right: held before its first step, the end is the one to come later.
      async (step) => expect([step, await living(ground)]).toEqual([step, []]),
    );
    expect(steps).toBeGreaterThanOrEqual(2);
  });

  it('tells a client nothing of a session that could not stay', async () => {
    await member();
    const held = ground.hold('after', 'create');
    const late = ground.browser().post(`/join?group=${group}`);
    await held.reached;
    await ground.repository.endings.destroyGroup(group);
    held.open();
    expect((await late).setCookies).toEqual([]);
    expect(ground.count('interrupted')).toBe(1);
  });

  it.each([
    { held: '/regenerate', meanwhile: '/everywhere' },
    { held: '/everywhere', meanwhile: '/regenerate' },
  ])('ends by a session that gets a new id at that moment: $meanwhile during $held', async (row) => {
    const steps = await atEach(
      async () => {
        const browser = await member();
        await member();
        const tab = browser.fork();
        return { held: () => browser.post(row.held), meanwhile: () => tab.post(row.meanwhile) };
      },
      async (step) => expect([step, await living(ground)]).toEqual([step, []]),
    );
    expect(steps).toBeGreaterThanOrEqual(4);
  });

  describe('at the application that begins them', () => {
    beforeEach(() => {
      ground.repository.groups.policy = { leads: true };
    });

    /** Somebody who has logged in here, and the session of another application that has come of it. */
    async function loggedIn(user = 'ada'): Promise<{ browser: Browser; shop: Browser }> {
      const browser = ground.browser();
      await browser.post(`/login?user=${user}`);
      const { groupId } = (await ground.stored(idOf(browser)))!;
      return { browser, shop: await member(groupId!, user) };
    }

    const endings = [
      { what: 'a logout', end: (browser: Browser) => browser.post('/logout') },
      { what: 'flush()', end: (browser: Browser) => browser.post('/flush') },
      { what: 'revoke()', end: (browser: Browser) => ground.sessions.revoke(idOf(browser)) },
      { what: 'the login of somebody else', end: (browser: Browser) => browser.post('/login?user=bob') },
    ];

    it.each(endings)('end with $what', async ({ end }) => {
      const { browser, shop } = await loggedIn();
      await end(browser);
      expect(await ground.stored(idOf(shop))).toBeUndefined();
    });

    it('go on when the same user logs in again, or gets a new id', async () => {
      const { browser, shop } = await loggedIn();
      await browser.post('/regenerate');
      await browser.post('/login?user=ada');
      expect(await ground.stored(idOf(shop))).toBeDefined();
      await browser.post('/logout');
      expect(await living(ground)).toEqual([]);
    });

    it('leave the session there when the login of somebody else fails to end them', async () => {
      const { browser, shop } = await loggedIn();
      ground.watched.before = (verb) => {
        if (verb === 'destroy') {
          throw new Error('the server is away');
        }
      };
      expect((await browser.post('/login?user=bob')).status).toBe(503);
      ground.watched.before = () => undefined;
      expect(await ground.stored(idOf(browser))).toMatchObject({ userId: 'ada' });
      await browser.post('/login?user=bob');
      expect(await ground.stored(idOf(shop))).toBeUndefined();
      expect(await ground.stored(idOf(browser))).toMatchObject({ userId: 'bob' });
    });
  });
});

describeMemory('Logins that come from elsewhere', ({ make, openStore }) => {
  let ground: GroupsGround;

  beforeEach(async () => {
    ground = await groupsGround({
      adapter: make(),
      store: openStore(),
      session: { maxSessionsPerUser: { limit: 1, exceeded: 'evict-oldest' } },
    });
  });
  afterEach(() => ground.close());

  it('are as old as the session here when the oldest has to go', async () => {
    const user = randomUUID();
    const [first, second] = [ground.browser(), ground.browser()];
    const before = ground.clock.now() - 60 * 60 * 1000;
    await first.post(`/join?group=${newGroup()}&user=${user}`);
    ground.clock.advance(1);
    await second.post(`/join?group=${newGroup()}&user=${user}&proved=${before}`);
    expect(await ground.stored(idOf(first))).toBeUndefined();
    expect(await ground.stored(idOf(second))).toMatchObject({ authenticatedAt: before });
  });

  it('say at once when the user has proved who they are', async () => {
    const before = ground.clock.now() - 60 * 60 * 1000;
    ground.on('proved', async (session) => {
      await (session as unknown as ActiveSession).login({
        userId: 'ada',
        methods: [],
        remember: undefined,
        origin: { groupId: newGroup(), authenticatedAt: before },
      });
      return { at: session.authenticatedAt!.getTime() };
    });
    expect((await ground.browser().post('/proved')).json()).toEqual({ at: before });
  });
});
