import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionModuleOptions, SessionStore, SessionStoreDefinition } from 'nest-sessions';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores, type Setting } from '../support/stores-under-test.js';

type Options = Omit<SessionModuleOptions, 'store'>;

/** The definition of a store that several applications have in common, also where it is in the memory of one process. */
function shared(definition: SessionStoreDefinition): SessionStoreDefinition {
  const { useFactory } = definition as Extract<SessionStoreDefinition, { useFactory: unknown }>;
  let inMemory: SessionStore | undefined;
  return {
    ...definition,
    useFactory: async (...args: unknown[]) => {
      const store = inMemory ?? (await useFactory(...args));
      inMemory = store.name === 'memory' ? store : undefined;
      return store;
    },
  };
}

const pairs: { mine: string | undefined; theirs: string | undefined }[] = [
  { mine: 'shop', theirs: 'admin' },
  { mine: 'shop', theirs: undefined },
  { mine: undefined, theirs: 'shop' },
];

describeStores('Two applications on one store', ({ make, openStore }: Setting) => {
  describe.each(pairs)('with audience $mine here and $theirs there', ({ mine, theirs }) => {
    let here: Playground;
    let there: Playground;
    let ada: string;

    async function start(options: Options = {}): Promise<void> {
      const store = shared(openStore());
      const serveOne = async (audience: string | undefined) => {
        const ground = await playground({ adapter: make(), store, session: { ...options, audience } });
        ground.on('login', () => ground.sessions.login(ada));
        ground.on('who', ({ userId, data }) => ({ userId, data }));
        return ground;
      };
      here = await serveOne(mine);
      there = await serveOne(theirs);
    }
    beforeEach(async () => {
      // The tests share the store.
      ada = randomUUID();
      await start();
    });
    afterEach(async () => {
      await here.close();
      await there.close();
    });

    /** Presents what a browser holds from one application to the other. */
    const present = (browser: Browser, ground: Playground, path: string) =>
      ground.browser().post(path, { headers: { cookie: `sessionid=${browser.cookie()}` } });

    async function loggedIn(ground: Playground): Promise<Browser> {
      const browser = ground.browser();
      await browser.post('/login');
      return browser;
    }

    it('know each only their own tokens: that of the other opens nothing and is cleared', async () => {
      const visitor = await there.visitor({ name: 'Ada' });
      const id = idOf(visitor);
      const before = await there.stored(id);
      expect(before?.audience).toBe(theirs ?? null);
      here.clock.advance(3600);
      const visit = await present(visitor, here, '/read');
      expect(visit.json()).toEqual({});
      expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      expect(here.watched.take()).toEqual(['load']);
      expect(here.events).toEqual([{ type: 'unknown-token', id, ip: '127.0.0.1' }]);
      expect(await there.stored(id)).toEqual(before);
      expect((await visitor.post('/read')).json()).toEqual({ name: 'Ada' });
    });

    it.each(['/set?name=Eve', '/login', '/flush', '/regenerate'])(
      'leave the session of the other as it was, whatever is done with its token (%s)',
      async (path) => {
        const visitor = await there.visitor({ name: 'Ada' });
        const before = await there.stored(idOf(visitor));
        const visit = await present(visitor, here, path);
        expect(visit.status).toBe(200);
        expect(visit.setCookies[0]).not.toContain(idOf(visitor));
        expect(await there.stored(idOf(visitor))).toEqual(before);
        expect(there.count('revoked')).toBe(0);
      },
    );

    it('keep a session theirs through commits, renewals and logins', async () => {
      await here.close();
      await there.close();
      await start({ renewEvery: '1h' });
      const visitor = await here.visitor({ name: 'Ada' });
      const audiences: unknown[] = [];
      for (const path of ['/set?n=1', '/regenerate', '/login', '/read']) {
        here.clock.advance(3600);
        await visitor.post(path);
        audiences.push((await here.stored(idOf(visitor)))?.audience);
        expect((await visitor.post('/who')).json().data).toMatchObject({ name: 'Ada' });
        expect((await present(visitor, there, '/read')).json()).toEqual({});
      }
      expect(audiences).toEqual(Array(4).fill(mine ?? null));
      expect(here.count('renewed')).toBeGreaterThan(0);
    });

    it('neither open nor revoke a session of the other by its id, nor run with its token', async () => {
      const visitor = await there.visitor({ name: 'Ada' });
      const id = idOf(visitor);
      expect(await here.sessions.open(id)).toBeUndefined();
      const name = here.sessions.run(visitor.cookie()!, async () =>
        (await here.sessions.current()).get('name'),
      );
      expect(await name).toBeUndefined();
      expect(await here.sessions.revoke(id)).toBe(false);
      expect((await there.sessions.open(id))?.get('name')).toBe('Ada');
      expect(await there.sessions.revoke(id)).toBe(true);
    });

    it("list and end only their own of a user's sessions", async () => {
      const [one, two, other] = [await loggedIn(here), await loggedIn(here), await loggedIn(there)];
      if (!here.real.capabilities.userIndex) return;
      const ids = async (ground: Playground) =>
        (await ground.sessions.list(ada)).map(({ id }) => id).toSorted();
      expect(await ids(here)).toEqual([one, two].map(idOf).toSorted());
      expect(await ids(there)).toEqual([idOf(other)]);
      expect(await here.sessions.revokeAll(ada, { except: idOf(one) })).toBe(1);
      expect(here.events).toContainEqual({ type: 'revoked-all', userId: ada, count: 1, except: idOf(one) });
      expect(await here.sessions.revokeAll(ada)).toBe(1);
      expect(await here.sessions.revokeAll(ada)).toBe(0);
      expect(await ids(here)).toEqual([]);
      expect((await other.post('/who')).json().userId).toBe(ada);
    });

    it('end also what gets another id while all of a user are ended', async () => {
      if (!here.real.capabilities.userIndex) return;
      // Somebody else's, so that they are not ended in one step.
      await loggedIn(there);
      const visitor = await loggedIn(here);
      const first = here.hold('after', 'findByUser');
      const revoking = here.sessions.revokeAll(ada);
      await first.reached;
      await visitor.post('/regenerate');
      first.open();
      expect(await revoking).toBe(1);
      expect((await visitor.post('/who')).json()).toEqual({ data: {} });
    });

    it.each(['evict-oldest', 'refuse'] as const)(
      'count only their own up to the limit (%s)',
      async (exceeded) => {
        if (!here.real.capabilities.userIndex) return;
        await here.close();
        await there.close();
        await start({ maxSessionsPerUser: { limit: 1, exceeded } });
        const [one, other] = [await loggedIn(here), await loggedIn(there)];
        expect(
          await Promise.all([one, other].map(async (browser) => (await browser.post('/who')).json().userId)),
        ).toEqual([ada, ada]);
        const again = await here.browser().post('/login');
        expect(again.status).toBe(exceeded === 'refuse' ? 409 : 200);
        expect(await there.sessions.list(ada)).toHaveLength(1);
      },
    );

    it('clear away what has expired of both', async () => {
      const visitors = [await here.visitor(), await there.visitor()];
      for (const ground of [here, there]) ground.clock.advance(40 * 24 * 3600);
      await here.sessions.clearExpired();
      expect(await there.sessions.clearExpired()).toBe(0);
      expect(await Promise.all(visitors.map((visitor) => there.stored(idOf(visitor))))).toEqual([
        undefined,
        undefined,
      ]);
    });
  });
});

describeMemory('An application that has its store to itself, and no audience', ({ make, openStore }) => {
  let ground: Playground;
  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
  });
  afterEach(() => ground.close());

  it("ends a user's sessions in one step, which no login at the same moment slips through", async () => {
    ground.on('login', () => ground.sessions.login('ada'));
    for (let device = 1; device <= 3; device++) await ground.browser().post('/login');
    ground.watched.take();
    expect(await ground.sessions.revokeAll('ada')).toBe(3);
    expect(ground.watched.take()).toEqual(['findByUser', 'destroyByUser']);
  });
});
