import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { Meeting } from '../support/meeting.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeStores } from '../support/stores-under-test.js';

const HOUR = 3600;
const tokenIn = (cookie: string) => /^sessionid=([^;]*)/.exec(cookie)![1];

describeStores('Timed renewal of the secret', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;
  let oldToken: string;

  async function start(touchInterval: false | number) {
    ground = await playground({
      adapter: make(),
      store: openStore(),
      session: { renewEvery: HOUR, renewGrace: 10, touchInterval },
    });
    browser = await ground.visitor();
    oldToken = browser.cookie()!;
  }
  afterEach(() => ground.close());

  /** Ten requests at once, all of which have loaded the session before any of them settles. */
  async function tenAtOnce(step: (session: any, index: number) => unknown) {
    const meeting = new Meeting(10);
    ground.on('together', async (session, { index }) => {
      await meeting.join();
      return step(session, Number(index));
    });
    return Promise.all(
      Array.from({ length: 10 }, (_, index) => browser.fork().post(`/together?index=${index}`)),
    );
  }

  describe.each([
    { touches: 'no touches', touchInterval: false as const },
    { touches: 'a touch that is due as well', touchInterval: 60 },
  ])('with $touches', ({ touchInterval }) => {
    beforeEach(async () => {
      await start(touchInterval);
      ground.clock.advance(HOUR);
    });

    it.each([
      { what: 'reads', step: (session: any) => session.get('name') },
      { what: 'writes', step: (session: any, index: number) => void session.set(`k${index}`, index) },
    ])(
      'serves ten $what in flight and gives exactly one new secret, and nobody the old one',
      async ({ step }) => {
        const visits = await tenAtOnce(step);
        expect(visits.map(({ status }) => status)).toEqual(Array(10).fill(200));
        const tokens = visits.flatMap(({ setCookies }) => setCookies).map(tokenIn);
        expect(tokens.filter((token) => token !== oldToken)).toHaveLength(1);
        expect(tokens.filter((token) => token === oldToken)).toEqual([]);
        expect(ground.count('renewed')).toBe(1);
        expect(ground.count('revoked')).toBe(0);
      },
    );

    it('does not lose a write of the ten', async () => {
      await tenAtOnce((session, index) => void session.set(`k${index}`, index));
      const keys = Array.from({ length: 10 }, (_, index) => [`k${index}`, index]);
      expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada', ...Object.fromEntries(keys) });
    });

    it('does not send the old secret again to a request that committed after the renewal', async () => {
      const held = ground.hold('before', 'commit');
      const late = browser.fork().post('/set?late=1');
      await held.reached;
      await browser.post('/set?first=1');
      expect(browser.cookie()).not.toBe(oldToken);
      held.open();
      expect((await late).setCookies.map(tokenIn)).not.toContain(oldToken);
    });

    it('keeps the id, the data and the version', async () => {
      const before = (await ground.stored(idOf(browser)))!;
      await browser.post('/read');
      const after = (await ground.stored(idOf(browser)))!;
      expect(browser.cookie()).not.toBe(oldToken);
      expect(after).toMatchObject({ id: before.id, data: before.data, version: before.version });
      expect(after.previousHash).toBe(before.secretHash);
    });
  });

  describe('after a renewal', () => {
    let old: Browser;

    beforeEach(async () => {
      await start(false);
      old = browser.fork();
      ground.clock.advance(HOUR);
      await browser.post('/read');
    });

    it('2.10 accepts the old secret until a millisecond before the end of its grace, and renews nothing for it', async () => {
      ground.clock.advance(9.999);
      const visit = await old.post('/read');
      expect(visit.json()).toEqual({ name: 'Ada' });
      expect(visit.setCookies).toEqual([]);
      expect(ground.count('renewed')).toBe(1);
    });

    it('takes a write under the old secret in its grace, and gives that client no token', async () => {
      const visit = await old.post('/set?colour=red');
      expect(visit.setCookies).toEqual([]);
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', colour: 'red' });
    });

    it('2.10 ends the session when the old secret comes back at the end of its grace, and says why', async () => {
      ground.clock.advance(10);
      const visit = await old.post('/read');
      expect(visit.json()).toEqual({});
      expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      expect(ground.events.at(-1)).toEqual({ type: 'revoked', id: idOf(browser), reason: 'secret-reuse' });
      expect((await browser.post('/read')).json()).toEqual({});
    });

    it('takes a wrong secret for no session, and leaves the session alone', async () => {
      const headers = { cookie: `sessionid=${idOf(browser)}.${'C'.repeat(43)}` };
      expect((await ground.browser().post('/read', { headers })).json()).toEqual({});
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    });

    it('is not due again before the next interval is over', async () => {
      ground.clock.advance(HOUR - 0.001);
      expect((await browser.post('/read')).setCookies).toEqual([]);
      ground.clock.advance(0.001);
      expect((await browser.post('/read')).setCookies).toHaveLength(1);
      expect(ground.count('renewed')).toBe(2);
    });

    it('lets a request with the old secret in its grace regenerate, after which both secrets are dead', async () => {
      await old.post('/regenerate');
      expect((await old.post('/read')).json()).toEqual({ name: 'Ada' });
      expect((await browser.post('/read')).json()).toEqual({});
    });
  });

  it('does not happen when the handler fails', async () => {
    await start(false);
    ground.clock.advance(HOUR);
    ground.on('crash', () => {
      throw new Error('crashed');
    });
    expect((await browser.post('/crash')).setCookies).toEqual([]);
    expect(ground.count('renewed')).toBe(0);
  });

  it('does not happen when another request ends the session first', async () => {
    await start(false);
    ground.clock.advance(HOUR);
    const held = ground.hold('before', 'rotate');
    const late = browser.fork().post('/read');
    await held.reached;
    ground.on('flush-now', (session) => session.flush());
    await browser.post('/flush-now');
    held.open();
    expect((await late).setCookies).toEqual([]);
    expect(ground.count('renewed')).toBe(0);
    expect(await ground.stored(oldToken.split('.')[0]!)).toBeUndefined();
  });
});
