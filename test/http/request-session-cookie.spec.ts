import { afterEach, describe, expect, it } from '@jest/globals';
import type { ExpressLikeCookie, SessionModuleOptions } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { idOf } from '../support/playground.js';
import { requestPlayground, type RequestPlayground } from '../support/request-playground.js';

const DAY = 24 * 60 * 60 * 1000;

describe.each(adapters)('req.session.cookie on $adapter', ({ make }) => {
  let place: RequestPlayground;
  const open = async (session: Omit<SessionModuleOptions, 'store'> = {}) => {
    place = await requestPlayground({ adapter: make(), session });
  };
  afterEach(() => place.close());

  it('tells the lifetime that the module gives, in milliseconds', async () => {
    await open({ idleTimeout: '1h' });
    place.onRequest('tell', ({ session: { cookie } }) => [
      cookie.maxAge,
      cookie.originalMaxAge,
      cookie.expires,
    ]);
    const end = new Date(place.clock.now() + 3_600_000).toISOString();
    expect((await place.browser().post('/req/tell')).json()).toEqual([3_600_000, 3_600_000, end]);
  });

  it('tells no lifetime where the cookie ends with the browser', async () => {
    await open({ expireAtBrowserClose: true });
    place.onRequest('tell', ({ session: { cookie } }) => ({
      hasMaxAge: cookie.maxAge !== undefined,
      originalMaxAge: cookie.originalMaxAge,
      expires: cookie.expires,
    }));
    const visit = await place.browser().post('/req/tell');
    expect(visit.json()).toEqual({ hasMaxAge: false, originalMaxAge: null, expires: null });
  });

  it.each<{
    title: string;
    step: (cookie: ExpressLikeCookie, now: number) => void;
    lives: number;
    sends?: number;
  }>([
    { title: 'maxAge', step: (cookie) => (cookie.maxAge = 1000 * 60), lives: 60_000, sends: 60 },
    { title: 'a maxAge of half seconds', step: (cookie) => (cookie.maxAge = 2500), lives: 2500, sends: 3 },
    { title: 'originalMaxAge', step: (cookie) => (cookie.originalMaxAge = 5000), lives: 5000, sends: 5 },
    { title: 'maxAge null', step: (cookie) => (cookie.maxAge = null), lives: 14 * DAY },
    { title: 'maxAge false', step: (cookie) => (cookie.maxAge = false), lives: 14 * DAY },
    { title: 'expires null', step: (cookie) => (cookie.expires = null), lives: 14 * DAY },
    { title: 'expires false', step: (cookie) => (cookie.expires = false), lives: 14 * DAY },
    {
      title: 'expires',
      step: (cookie, now) => (cookie.expires = new Date(now + 90_000)),
      lives: 90_000,
      sends: 90,
    },
    {
      title: 'a Date as maxAge',
      step: (cookie, now) => (cookie.maxAge = new Date(now + 90_000)),
      lives: 90_000,
      sends: 90,
    },
    {
      title: 'a maxAge beyond absoluteTimeout',
      step: (cookie) => (cookie.maxAge = 365 * DAY),
      lives: 30 * DAY,
      sends: (30 * DAY) / 1000,
    },
  ])('takes $title for this session only', async ({ step, lives, sends }) => {
    await open();
    const browser = await place.visitor();
    place.onRequest('live', ({ session: { cookie } }) => {
      step(cookie, place.clock.now());
      return { maxAge: cookie.maxAge ?? null };
    });
    const visit = await browser.post('/req/live');
    expect(visit.json()).toEqual({ maxAge: sends === undefined ? null : lives });
    const { expiresAt } = (await place.stored(idOf(browser)))!;
    expect(expiresAt - place.clock.now()).toBe(lives);
    const [sent] = visit.setCookies;
    const maxAge = /Max-Age=(\d+)/.exec(sent!)?.[1];
    expect(maxAge === undefined ? undefined : Number(maxAge)).toBe(sends);
  });

  it('slides with activity by maxAge, and not by expires', async () => {
    await open({ touchInterval: 0 });
    const [sliding, fixed] = [await place.visitor(), await place.visitor()];
    const begin = place.clock.now();
    place.onRequest('slide', ({ session }) => void (session.cookie.maxAge = 60_000));
    place.onRequest('fix', ({ session }) => void (session.cookie.expires = new Date(begin + 60_000)));
    place.onRequest('idle', () => 'done');
    await sliding.post('/req/slide');
    await fixed.post('/req/fix');
    place.clock.advance(30);
    await sliding.post('/req/idle');
    await fixed.post('/req/idle');
    expect((await place.stored(idOf(sliding)))!.expiresAt - begin).toBe(90_000);
    expect((await place.stored(idOf(fixed)))!.expiresAt - begin).toBe(60_000);
  });

  it.each<{ title: string; step: (cookie: any) => void; error: typeof TypeError | typeof RangeError }>([
    { title: 'a maxAge of 0', step: (cookie) => (cookie.maxAge = 0), error: RangeError },
    { title: 'a negative maxAge', step: (cookie) => (cookie.maxAge = -1), error: RangeError },
    { title: 'an endless maxAge', step: (cookie) => (cookie.maxAge = Infinity), error: RangeError },
    { title: 'a maxAge that is no number', step: (cookie) => (cookie.maxAge = NaN), error: TypeError },
    { title: 'a maxAge in words', step: (cookie) => (cookie.maxAge = '1h'), error: TypeError },
    { title: 'a moment in words', step: (cookie) => (cookie.expires = 'tomorrow'), error: TypeError },
    {
      title: 'a moment that has passed',
      step: (cookie) => (cookie.expires = new Date(0)),
      error: RangeError,
    },
    { title: 'an invalid date', step: (cookie) => (cookie.expires = new Date('x')), error: RangeError },
    { title: 'another path', step: (cookie) => (cookie.path = '/other'), error: TypeError },
    { title: 'secure', step: (cookie) => (cookie.secure = false), error: TypeError },
  ])('refuses $title, and leaves the session as it was', async ({ step, error }) => {
    await open();
    const browser = await place.visitor();
    place.onRequest('try', ({ session }) => {
      expect(() => step(session.cookie)).toThrow(error);
      return { maxAge: session.cookie.maxAge };
    });
    expect((await browser.post('/req/try')).json()).toEqual({ maxAge: 14 * DAY });
    expect(place.watched.take()).toEqual(['load']);
  });

  it('is no reason to have a session', async () => {
    await open();
    place.onRequest('live', ({ session }) => void (session.cookie.maxAge = 60_000));
    const visit = await place.browser().post('/req/live');
    expect(visit.setCookies).toEqual([]);
    expect(place.watched.take()).toEqual([]);
  });

  it('begins anew with a new session', async () => {
    await open();
    const browser = await place.visitor();
    place.onRequest('anew', async (request) => {
      request.session.cookie.maxAge = 60_000;
      await new Promise((resolve) => request.session.regenerate(resolve));
      return { maxAge: request.session.cookie.maxAge };
    });
    expect((await browser.post('/req/anew')).json()).toEqual({ maxAge: 14 * DAY });
  });

  it('tells how the module has set the cookie up', async () => {
    await open({
      cookie: { secure: true, sameSite: 'none', domain: 'example.com', partitioned: true, priority: 'high' },
    });
    place.onRequest('tell', ({ session }) => session.cookie);
    expect((await place.browser().post('/req/tell')).json()).toEqual({
      originalMaxAge: 14 * DAY,
      expires: new Date(place.clock.now() + 14 * DAY).toISOString(),
      path: '/',
      domain: 'example.com',
      httpOnly: true,
      secure: true,
      sameSite: 'none',
      partitioned: true,
      priority: 'high',
    });
  });

  it("tells what 'auto' comes to for the request", async () => {
    await open({ cookie: { secure: 'auto' } });
    place.onRequest('tell', ({ session }) => ({ secure: session.cookie.secure }));
    expect((await place.browser().post('/req/tell')).json()).toEqual({ secure: false });
  });
});
