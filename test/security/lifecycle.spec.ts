import { Controller, Header, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SessionService, type SessionModuleOptions } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { requestPlayground, type RequestPlayground } from '../support/request-playground.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

@Controller('extra')
class LeaveController {
  constructor(private readonly sessions: SessionService) {}

  @Post('leave') @HttpCode(200) @Header('Clear-Site-Data', '"cache","cookies","storage"') leave() {
    return this.sessions.logout();
  }
}

type Options = Omit<SessionModuleOptions, 'store'>;

describe.each(adapters)('The life of a session on $adapter', ({ make }) => {
  let ground: RequestPlayground;
  afterEach(() => ground.close());

  async function start(session: Options = {}): Promise<void> {
    ground = await requestPlayground({
      adapter: make(),
      session,
      serve: { controllers: [LeaveController] },
    });
    ground.on('login', (_session, { remember }) =>
      ground.sessions.login('ada', { methods: ['pwd'], ...(remember && { remember: true }) }),
    );
    ground.on('who', ({ userId }) => userId ?? 'nobody');
  }

  const who = async (browser: Browser) => (await browser.post('/who')).text;
  const logIn = async (path = '/login') => {
    const browser = ground.browser();
    await browser.post(path);
    return browser;
  };

  it('2.5 ends by the clock of the server, whatever becomes of Max-Age at the client', async () => {
    await start({ idleTimeout: '1h' });
    const token = (await ground.visitor()).cookie()!;
    const kept = [
      `sessionid=${token}`,
      `sessionid=${token}; Max-Age=99999999; Expires=Fri, 31 Dec 2099 23:59:59 GMT`,
      `$Version=1; sessionid=${token}; $Max-Age=99999999`,
    ];
    const read = (cookie: string) => ground.browser().post('/read', { headers: { cookie } });
    ground.clock.advance(HOUR - 1);
    expect((await read(kept[0]!)).json()).toEqual({ name: 'Ada' });
    ground.clock.advance(HOUR);
    for (const cookie of kept) expect((await read(cookie)).json()).toEqual({});
  });

  interface Stretch {
    readonly what: string;
    readonly path: string;
    readonly options?: Options;
    readonly login?: string;
  }
  const stretches: Stretch[] = [
    { what: 'activity', path: '/who' },
    { what: 'a touch with every use', path: '/who', options: { touchInterval: 0 } },
    { what: 'a write', path: '/set?n=1' },
    { what: 'a regeneration', path: '/regenerate' },
    { what: 'a renewal', path: '/who', options: { renewEvery: '1d' } },
    { what: 'a remembered login', path: '/who', login: '/login?remember=yes' },
    { what: 'setExpiry() with a duration', path: '/duration' },
    { what: 'setExpiry() with a date', path: '/date' },
    { what: "the maxAge of express-session's cookie", path: '/req/max-age' },
  ];

  it.each(stretches)(
    '2.6 ends thirty days after the login, which $what does not extend',
    async ({ path, options, login }) => {
      await start({ cleanup: false, ...options });
      ground.on('duration', (session) => session.setExpiry('90d'));
      ground.on('date', (session) => session.setExpiry(new Date(ground.clock.now() + 90 * DAY * 1000)));
      ground.onRequest('max-age', ({ session }) => void (session.cookie.maxAge = 90 * DAY * 1000));
      const browser = await logIn(login);
      for (let visits = 0; visits < 5; visits++) {
        ground.clock.advance(5 * DAY);
        expect((await browser.post(path)).status).toBe(200);
      }
      ground.clock.advance(5 * DAY - 1);
      expect(await who(browser)).toBe('ada');
      ground.clock.advance(1);
      expect(await who(browser)).toBe('nobody');
    },
  );

  const presets: { preset: string; options: Options; idle: number; absolute: number }[] = [
    { preset: 'of the defaults, within AAL1', options: {}, idle: 14 * DAY, absolute: 30 * DAY },
    {
      preset: 'of AAL2',
      options: { idleTimeout: '1h', absoluteTimeout: '24h' },
      idle: HOUR,
      absolute: DAY,
    },
    {
      preset: 'of AAL3',
      options: { idleTimeout: '15m', absoluteTimeout: '12h' },
      idle: HOUR / 4,
      absolute: DAY / 2,
    },
    {
      preset: 'of OWASP for high value',
      options: { idleTimeout: '2m', absoluteTimeout: '4h', touchInterval: '10s' },
      idle: 120,
      absolute: 4 * HOUR,
    },
    {
      preset: 'of OWASP for low value',
      options: { idleTimeout: '30m', absoluteTimeout: '8h' },
      idle: HOUR / 2,
      absolute: 8 * HOUR,
    },
  ];

  it.each(presets)('2.8 keeps to the limits $preset', async ({ options, idle, absolute }) => {
    await start(options);
    const [busy, lazy] = [await logIn(), await logIn()];
    const token = (browser: Browser) => ({ headers: { cookie: `sessionid=${browser.cookie()}` } });
    const tokens = [busy, lazy].map(token);
    const at = async (index: number) => (await ground.browser().post('/who', tokens[index])).text;
    const begin = ground.clock.now();
    const age = () => (ground.clock.now() - begin) / 1000;
    const wait = (seconds: number) => ground.clock.advance(seconds);
    wait(idle - 1);
    expect(await at(0)).toBe('ada');
    wait(1);
    expect(await at(1)).toBe('nobody');
    while (age() + idle - 2 < absolute) {
      wait(idle - 2);
      expect(await at(0)).toBe('ada');
    }
    wait(absolute - age() - 1);
    expect(await at(0)).toBe('ada');
    wait(1);
    expect(await at(0)).toBe('nobody');
  });

  it('2.9 tells an application that it was idle, and outlives it, until one factor is given', async () => {
    await start({ idleTimeout: '24h', absoluteTimeout: '24h', touchInterval: 0 });
    ground.on('basket', (session) => {
      const isIdle = ground.clock.now() - session.lastSeenAt.getTime() > HOUR * 1000;
      if (isIdle || session.get('isLocked')) {
        session.set('isLocked', true);
        throw new UnauthorizedException('one factor, please');
      }
      return session.get('basket');
    });
    ground.on('unlock', async (session) => {
      session.delete('isLocked');
      await ground.sessions.login(session.userId!, { methods: ['otp'] });
    });
    const browser = await logIn();
    await browser.post('/set?basket=tea');
    ground.clock.advance(HOUR + 1);
    for (const status of [401, 401]) expect((await browser.post('/basket')).status).toBe(status);
    await browser.post('/unlock');
    expect((await browser.post('/basket')).text).toBe('tea');
  });

  it('2.14 takes the cookie away at the end, beside the Clear-Site-Data of the application', async () => {
    await start();
    const browser = await logIn();
    const { setCookies, headers } = await browser.post('/extra/leave');
    expect(setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
    expect(headers.get('clear-site-data')).toBe('"cache","cookies","storage"');
  });
});
