import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore, RequireRecentLogin, SessionService } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';

@Controller('devices')
class DevicesController {
  constructor(private readonly sessions: SessionService) {}

  @RequireRecentLogin('5m') @Post('end/:id') @HttpCode(200) end(@Param('id') id: string) {
    return this.sessions.revoke(id);
  }
}

describe.each(adapters)('The sessions of a user on $adapter', ({ make }) => {
  let ground: Playground;
  let browser: Browser;

  beforeEach(async () => {
    ground = await playground({
      adapter: make(),
      store: memoryStore(),
      session: { renewEvery: '1h', touchInterval: 0 },
      serve: { controllers: [DevicesController] },
    });
    ground.on('login', (_session, { method = 'pwd' }) =>
      ground.sessions.login('ada', { methods: method.split(',') }),
    );
    browser = ground.browser();
    await browser.post('/login');
  });
  afterEach(() => ground.close());

  it('3.5 can be ended from another one after a fresh login only', async () => {
    const lost = ground.browser();
    await lost.post('/login');
    ground.clock.advance(301);
    const end = () => browser.post(`/devices/end/${idOf(lost)}`);
    const refused = await end();
    expect([refused.status, refused.json().errorCode]).toEqual([403, 'RECENT_LOGIN_REQUIRED']);
    expect(await ground.sessions.list('ada')).toHaveLength(2);
    await browser.post('/login');
    expect((await end()).text).toBe('true');
    expect((await ground.sessions.list('ada')).map(({ id }) => id)).toEqual([idOf(browser)]);
  });

  it('3.6 are as many as there are logins where no limit is set', async () => {
    for (let count = 2; count <= 20; count++) await ground.browser().post('/login');
    expect(await ground.sessions.list('ada')).toHaveLength(20);
  });

  /** What the server knows of how and when the user has logged in. */
  async function proof(visitor = browser) {
    const { authenticatedAt } = (await ground.stored(idOf(visitor)))!;
    const [info] = (await ground.sessions.list('ada')).filter(({ id }) => id === idOf(visitor));
    expect(info!.authenticatedAt?.getTime()).toBe(authenticatedAt);
    return { authenticatedAt, methods: info!.methods };
  }

  it('3.8 keep how and when the user logged in through everything but a login', async () => {
    const loggedInAt = ground.clock.now();
    ground.on('long', (session) => session.setExpiry('20d'));
    ground.on('empty', (session) => session.clear());
    ground.on('save', async (session) => {
      session.set('n', 1);
      session.flash('notice', 'saved');
      await session.save();
      await session.reload();
    });
    const before = browser.cookie();
    for (const path of [
      '/read',
      '/set?methods=otp&aal=3',
      '/long',
      '/save',
      '/empty',
      '/regenerate',
      '/read',
    ]) {
      ground.clock.advance(4000);
      expect((await browser.post(path)).status).toBe(200);
      expect(await proof()).toEqual({ authenticatedAt: loggedInAt, methods: ['pwd'] });
    }
    expect(browser.cookie()).not.toBe(before);
    expect(ground.count('renewed')).toBeGreaterThan(0);
    await browser.post('/login?method=pwd,otp');
    expect(await proof()).toEqual({ authenticatedAt: ground.clock.now(), methods: ['pwd', 'otp'] });
    // A lesser login is one, too: nothing is left of what was proved before.
    ground.clock.advance(60);
    await browser.post('/login?method=remembered');
    expect(await proof()).toEqual({ authenticatedAt: ground.clock.now(), methods: ['remembered'] });
  });

  it.each<[string, (session: any) => unknown]>([
    ['set()', (session) => session.set('$methods', ['pwd', 'otp'])],
    ['update()', (session) => session.update({ $methods: ['pwd', 'otp'] })],
    ['update() with a function', (session) => session.update('$methods', () => ['pwd', 'otp'])],
    ['the data', (session) => void (session.data['$methods'] = ['pwd', 'otp'])],
    ['the property', (session) => void (session.authenticatedAt = new Date(9e12))],
    ['the user', (session) => void (session.userId = 'root')],
  ])('3.8 refuse to take another login from a handler, by %s', async (_, forge) => {
    const before = await proof();
    ground.clock.advance(60);
    ground.on('forge', forge);
    expect((await browser.post('/forge')).status).toBe(500);
    expect(await proof()).toEqual(before);
    expect((await ground.stored(idOf(browser)))!.userId).toBe('ada');
  });

  it('3.8 know of no login before there was one', async () => {
    const visitor = await ground.visitor();
    ground.on('who', ({ userId, authenticatedAt }) => ({ userId, authenticatedAt }));
    expect((await visitor.post('/who')).json()).toEqual({});
    expect(await ground.stored(idOf(visitor))).toMatchObject({ userId: null, authenticatedAt: null });
  });
});
