import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Session, SessionInterruptedError, SessionStoreError } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { idOf } from '../support/playground.js';
import {
  done,
  outsideOfRequests,
  requestPlayground,
  type ExpressLikeRequest,
  type RequestPlayground,
} from '../support/request-playground.js';

const METHODS = ['save', 'reload', 'regenerate', 'destroy'] as const;

describe.each(adapters)('The methods of req.session on $adapter', ({ make }) => {
  let place: RequestPlayground;

  beforeEach(async () => {
    place = await requestPlayground({ adapter: make() });
  });
  afterEach(() => place.close());

  const fail = (verb: string) => {
    place.watched.before = (called) => {
      if (called === verb) throw new Error('down');
    };
  };

  describe.each(METHODS)('%s()', (method) => {
    it('calls back later, once, with nothing to complain about', async () => {
      const browser = await place.visitor();
      place.onRequest('call', async ({ session }) => {
        const calls: unknown[][] = [];
        let isLater = false;
        await new Promise<void>((resolve) => {
          session[method]((...args: unknown[]) => {
            calls.push([isLater, ...args]);
            // Whatever wants to call a second time does so before the timers' turn.
            setTimeout(resolve, 0);
          });
          isLater = true;
        });
        return calls.map(([wasLater, error]) => ({ wasLater, hasError: Boolean(error) }));
      });
      expect((await browser.post('/req/call')).json()).toEqual([{ wasLater: true, hasError: false }]);
    });

    it('calls back inside the request, from wherever it was called', async () => {
      const browser = await place.visitor();
      place.onRequest('call', async ({ session }) => {
        const mine = await place.sessions.current();
        const theirs = await new Promise((resolve, reject) => {
          outsideOfRequests(() => session[method](() => place.sessions.current().then(resolve, reject)));
        });
        return { isMine: theirs === mine };
      });
      expect((await browser.post('/req/call')).json()).toEqual({ isMine: true });
    });

    it('gives the session itself', async () => {
      const browser = await place.visitor();
      place.onRequest('call', ({ session }) => ({
        isItself: session[method](() => undefined) === session,
        isItselfAgain: session[method]() === session,
      }));
      expect((await browser.post('/req/call')).json()).toEqual({ isItself: true, isItselfAgain: true });
    });
  });

  it.each([
    { method: 'save', verb: 'commit' },
    { method: 'reload', verb: 'load' },
    { method: 'regenerate', verb: 'destroy' },
    { method: 'destroy', verb: 'destroy' },
  ] as const)('$method() tells its callback that the store has failed', async ({ method, verb }) => {
    const browser = await place.visitor();
    place.onRequest('call', async ({ session }) => {
      session.views = 1;
      fail(verb);
      const error = await done((callback) => session[method](callback)).catch((reason: unknown) => reason);
      place.watched.before = () => undefined;
      return { isStoreError: error instanceof SessionStoreError };
    });
    expect((await browser.post('/req/call')).json()).toEqual({ isStoreError: true });
    expect(place.log.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(await place.stored(idOf(browser))).toBeDefined();
  });

  it.each([
    { method: 'regenerate', verb: 'destroy' },
    { method: 'destroy', verb: 'destroy' },
  ] as const)('$method() without a callback logs that the store has failed', async ({ method, verb }) => {
    const browser = await place.visitor();
    place.onRequest('call', ({ session }) => {
      fail(verb);
      session[method]();
    });
    await browser.post('/req/call');
    expect(place.log).toContainEqual(expect.stringMatching(/^error: .*session store is unavailable/));
  });

  it('regenerate() leaves req.session as it was when the store has failed', async () => {
    const browser = await place.visitor();
    place.onRequest('call', async (request) => {
      const before = request.session;
      fail('destroy');
      await done((callback) => request.session.regenerate(callback)).catch(() => undefined);
      return { isSame: request.session === before, name: request.session.name };
    });
    expect((await browser.post('/req/call')).json()).toEqual({ isSame: true, name: 'Ada' });
  });

  describe('save()', () => {
    it('has committed when it calls back', async () => {
      const browser = await place.visitor();
      place.onRequest('save', async ({ session, sessionID }) => {
        session.views = 1;
        await done((callback) => session.save(callback));
        return place.dataOf(sessionID);
      });
      expect((await browser.post('/req/save')).json()).toEqual({ name: 'Ada', views: 1 });
      expect(place.watched.take()).toEqual(['load', 'commit']);
    });

    it('stores no empty session', async () => {
      place.onRequest('save', ({ session }) => done((callback) => session.save(callback)));
      const visit = await place.browser().post('/req/save');
      expect(visit.setCookies).toEqual([]);
      expect(place.watched.take()).toEqual([]);
    });

    it('tells its callback that another request has ended the session', async () => {
      const browser = await place.visitor();
      place.onRequest('save', async ({ session, sessionID }) => {
        await place.sessions.revoke(sessionID);
        session.views = 1;
        const error = await done((callback) => session.save(callback)).catch((reason: unknown) => reason);
        return { isInterrupted: error instanceof SessionInterruptedError };
      });
      expect((await browser.post('/req/save')).json()).toEqual({ isInterrupted: true });
    });

    it('that nobody waits for is waited for by the response', async () => {
      const browser = await place.visitor();
      place.onRequest('save', ({ session }) => {
        session.views = 1;
        session.save();
      });
      await browser.post('/req/save');
      expect(await place.dataOf(idOf(browser))).toEqual({ name: 'Ada', views: 1 });
    });
  });

  describe('reload()', () => {
    it('drops what is not committed, and shows what others have left', async () => {
      const browser = await place.visitor();
      place.onRequest('reload', async (request) => {
        const { session } = request;
        session.name = 'Bob';
        const other = (await place.sessions.open(session.id)) as Session<any>;
        other.set('views', 7);
        await other.save();
        await done((callback) => session.reload(callback));
        return { held: session, read: request.session };
      });
      const expected = { name: 'Ada', views: 7 };
      expect((await browser.post('/req/reload')).json()).toEqual({ held: expected, read: expected });
    });

    it('tells its callback that there is nothing left to load', async () => {
      const browser = await place.visitor();
      place.onRequest('reload', async ({ session }) => {
        await place.sessions.revoke(session.id);
        const error = await done((callback) => session.reload(callback)).catch((reason: unknown) => reason);
        return { isInterrupted: error instanceof SessionInterruptedError };
      });
      expect((await browser.post('/req/reload')).json()).toEqual({ isInterrupted: true });
    });
  });

  describe('regenerate()', () => {
    const regenerate = (request: ExpressLikeRequest) =>
      done((callback) => request.session.regenerate(callback));

    it('ends the old session at once and begins an empty one', async () => {
      const browser = await place.visitor();
      const old = browser.fork();
      const id = idOf(browser);
      place.onRequest('regenerate', async (request) => {
        await regenerate(request);
        const isDead = (await place.stored(id)) === undefined;
        const answer = { isDead, keys: Object.keys(request.session), id: request.sessionID };
        request.session.user = 'ada';
        return answer;
      });
      expect((await browser.post('/req/regenerate')).json()).toEqual({ isDead: true, keys: [], id: '' });
      expect(idOf(browser)).not.toBe(id);
      expect(await place.dataOf(idOf(browser))).toEqual({ user: 'ada' });
      expect((await old.post('/read')).json()).toEqual({});
    });

    it('stores nothing by itself, and takes the cookie away', async () => {
      const browser = await place.visitor();
      place.onRequest('regenerate', regenerate);
      await browser.post('/req/regenerate');
      expect(place.watched.take()).toEqual(['load', 'destroy']);
      expect(browser.cookie()).toBeUndefined();
    });

    it('asks nothing of the store when there is no session', async () => {
      place.onRequest('regenerate', regenerate);
      const visit = await place.browser().post('/req/regenerate');
      expect(place.watched.take()).toEqual([]);
      expect(visit.setCookies).toEqual([]);
    });

    it('leaves the old object with the old data, and takes what is set on it into the new session', async () => {
      const browser = await place.visitor({ name: 'Ada', cart: ['tea'], theme: 'dark' });
      place.onRequest('regenerate', async (request) => {
        const held = request.session;
        await regenerate(request);
        const answer = { isOther: request.session !== held, held: { ...held }, read: { ...request.session } };
        held.user = 'ada';
        held.name = 'Countess';
        delete held.cart;
        held.theme = undefined;
        return { ...answer, heldLater: held, readLater: request.session };
      });
      expect((await browser.post('/req/regenerate')).json()).toEqual({
        isOther: true,
        held: { name: 'Ada', cart: ['tea'], theme: 'dark' },
        read: {},
        heldLater: { user: 'ada', name: 'Countess' },
        readLater: { user: 'ada', name: 'Countess' },
      });
      expect(await place.dataOf(idOf(browser))).toEqual({ user: 'ada', name: 'Countess' });
    });

    it('can be called on the old object again', async () => {
      const browser = await place.visitor();
      place.onRequest('regenerate', async (request) => {
        const held = request.session;
        await regenerate(request);
        held.user = 'ada';
        await done((callback) => held.save(callback));
        const first = request.sessionID;
        await done((callback) => held.regenerate(callback));
        request.session.user = 'bob';
        return { first };
      });
      const { first } = (await browser.post('/req/regenerate')).json();
      expect(await place.stored(first)).toBeUndefined();
      expect(await place.dataOf(idOf(browser))).toEqual({ user: 'bob' });
    });
  });

  describe('destroy()', () => {
    it('ends the session at once, and takes req.session and the cookie away', async () => {
      const browser = await place.visitor();
      const old = browser.fork();
      const id = idOf(browser);
      place.onRequest('destroy', async (request) => {
        const destroyed = done((callback) => request.session.destroy(callback));
        const isGoneAtOnce = request.session === undefined;
        await destroyed;
        const isDead = (await place.stored(id)) === undefined;
        return { isGoneAtOnce, isGone: request.session === undefined, isDead };
      });
      const visit = await browser.post('/req/destroy');
      expect(visit.json()).toEqual({ isGoneAtOnce: true, isGone: true, isDead: true });
      expect(browser.cookie()).toBeUndefined();
      expect((await old.post('/read')).json()).toEqual({});
    });

    it('begins no new session when something is set on the old object', async () => {
      const browser = await place.visitor();
      place.onRequest('destroy', async ({ session }) => {
        await done((callback) => session.destroy(callback));
        session.user = null;
        delete session.views;
        return { session, hasName: 'name' in session };
      });
      const visit = await browser.post('/req/destroy');
      expect(visit.json()).toEqual({ session: { name: 'Ada', user: null }, hasName: true });
      expect(place.watched.take()).toEqual(['load', 'destroy']);
    });

    it('can be followed by a new session from the old object', async () => {
      const browser = await place.visitor();
      place.onRequest('destroy', async (request) => {
        const held = request.session;
        await done((callback) => held.destroy(callback));
        await done((callback) => held.regenerate(callback));
        request.session.user = 'bob';
      });
      await browser.post('/req/destroy');
      expect(await place.dataOf(idOf(browser))).toEqual({ user: 'bob' });
    });
  });

  it.each(['touch', 'resetMaxAge'] as const)('%s() gives the session and asks nothing', async (method) => {
    const browser = await place.visitor();
    place.onRequest('call', ({ session }) => ({ isItself: session[method]() === session }));
    expect((await browser.post('/req/call')).json()).toEqual({ isItself: true });
    expect(place.watched.take()).toEqual(['load']);
  });

  it('do not give the token away to who logs the object', async () => {
    const { inspect } = await import('node:util');
    const browser = await place.visitor();
    const secret = browser.cookie()!.split('.')[1]!;
    place.onRequest('log', ({ session }) => [inspect(session), `${session}`, JSON.stringify(session)]);
    const [inspected, ...others] = (await browser.post('/req/log')).json<string[]>();
    expect(inspected).toBe(`req.Session { id: ${idOf(browser)}, keys: [name] }`);
    expect([inspected, ...others].join()).not.toContain(secret);
  });
});
