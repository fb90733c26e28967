import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { idOf } from '../support/playground.js';
import type { Served } from '../support/serve.js';
import { forgotten, loginAs, servePassport } from './passport.application.js';

const [express, fastify] = adapters.map(({ make }) => make) as [
  () => AbstractHttpAdapter,
  () => AbstractHttpAdapter,
];

describe.each([
  { title: 'by middleware on Express', by: 'middleware', make: express },
  { title: 'by a guard on Express', by: 'guard', make: express },
  { title: 'by a guard on Fastify', by: 'guard', make: fastify },
] as const)('Passport, with the user found $title', ({ by, make }) => {
  let served: Served;
  let browser: Browser;

  beforeEach(async () => {
    served = await servePassport({ adapter: make(), by });
    browser = served.browser();
  });
  afterEach(async () => {
    forgotten.clear();
    await served.close();
  });

  const me = async (who = browser) => (await who.get('/me')).json().user;

  it('logs a user in, and knows them from then on', async () => {
    expect((await browser.post(loginAs('ada'))).json()).toEqual({
      user: 'ada',
      session: { passport: { user: 'u1' } },
    });
    expect(await me()).toBe('ada');
    expect((await browser.get('/secret')).text).toBe('for ada only');
  });

  it.each([
    { path: loginAs('ada', 'wrong'), title: 'with a wrong password' },
    { path: loginAs('nobody'), title: 'under an unknown name' },
    { path: '/login', title: 'with nothing' },
  ])('refuses a login $title, and begins no session', async ({ path }) => {
    const visit = await browser.post(path);
    expect(visit.status).toBe(401);
    expect(visit.setCookies).toEqual([]);
    expect(await me()).toBeNull();
    expect((await browser.get('/secret')).status).toBe(403);
  });

  it('begins no session for who is only looking', async () => {
    const visit = await browser.get('/me');
    expect(visit.json()).toEqual({ user: null, session: {} });
    expect(visit.setCookies).toEqual([]);
  });

  it('changes the id at login, and the old one is dead', async () => {
    await browser.post('/cart');
    const planted = browser.fork();
    const id = idOf(browser);
    await browser.post(loginAs('ada'));
    expect(idOf(browser)).not.toBe(id);
    expect(await served.sessions.open(id)).toBeUndefined();
    expect(await me(planted)).toBeNull();
    expect(await me()).toBe('ada');
  });

  it('drops what the visitor had at login, as Passport does', async () => {
    await browser.post('/cart');
    await browser.post(loginAs('ada'));
    expect((await browser.get('/me')).json().session).toEqual({ passport: { user: 'u1' } });
  });

  it('keeps it with keepSessionInfo, under a new id', async () => {
    await browser.post('/cart');
    const id = idOf(browser);
    const visit = await browser.post(loginAs('ada', 'secret', '/login/keeping'));
    expect(visit.json()).toEqual({ cart: ['tea'], passport: { user: 'u1' } });
    expect(idOf(browser)).not.toBe(id);
    expect((await browser.get('/me')).json().session).toEqual(visit.json());
  });

  it('logs in as another user, and nothing of the first is left', async () => {
    await browser.post(loginAs('ada'));
    await browser.post('/cart');
    const first = idOf(browser);
    await browser.post(loginAs('bob'));
    expect((await browser.get('/me')).json()).toEqual({
      user: 'bob',
      session: { passport: { user: 'u2' } },
    });
    expect(await served.sessions.open(first)).toBeUndefined();
  });

  it('logs out: the session is dead, for a copy of the cookie too', async () => {
    await browser.post(loginAs('ada'));
    const copy = browser.fork();
    const visit = await browser.post('/logout');
    expect(visit.json()).toEqual({ user: null, session: {}, isIn: false });
    expect(browser.cookie()).toBeUndefined();
    expect(await me()).toBeNull();
    expect(await me(copy)).toBeNull();
  });

  it('keeps the rest of the session at logout with keepSessionInfo, under a new id', async () => {
    await browser.post(loginAs('ada'));
    await browser.post('/cart');
    const id = idOf(browser);
    await browser.post('/logout/keeping');
    expect((await browser.get('/me')).json()).toMatchObject({ user: null, session: { cart: ['tea'] } });
    expect(idOf(browser)).not.toBe(id);
    expect(await served.sessions.open(id)).toBeUndefined();
  });

  it('stores nothing at the logout of somebody who was not in', async () => {
    const visit = await browser.post('/logout');
    expect(visit.status).toBe(200);
    expect(visit.setCookies).toEqual([]);
  });

  it('takes a user whom the application has forgotten for nobody', async () => {
    await browser.post(loginAs('ada'));
    forgotten.add('u1');
    expect(await me()).toBeNull();
    forgotten.clear();
    expect(await me()).toBeNull();
  });

  it('loses nothing in parallel requests of a logged-in user', async () => {
    await browser.post(loginAs('ada'));
    const answers = await Promise.all([
      ...Array.from({ length: 8 }, () => browser.get('/me')),
      browser.post('/cart'),
    ]);
    expect(answers.slice(0, 8).map((answer) => answer.json().user)).toEqual(Array(8).fill('ada'));
    expect((await browser.get('/me')).json().session).toEqual({ passport: { user: 'u1' }, cart: ['tea'] });
  });

  it('is not logged in again by requests that ran while the user logged out', async () => {
    await browser.post(loginAs('ada'));
    const id = idOf(browser);
    const other = browser.fork();
    await Promise.all([browser.post('/logout'), ...Array.from({ length: 8 }, () => other.post('/cart'))]);
    expect(await served.sessions.open(id)).toBeUndefined();
    expect(await me()).toBeNull();
  });

  it('logs in twice at once with one living session left to the browser', async () => {
    await browser.post('/cart');
    const other = browser.fork();
    const visits = await Promise.all([browser.post(loginAs('ada')), other.post(loginAs('bob'))]);
    expect(visits.map((visit) => visit.status)).toEqual([200, 200]);
    expect(idOf(browser)).not.toBe(idOf(other));
    expect([await me(), await me(other)]).toEqual(['ada', 'bob']);
  });
});
