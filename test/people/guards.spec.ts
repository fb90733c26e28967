import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore, RequireLogin, RequireRecentLogin, SessionService } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { Clock } from '../support/clock.js';
import { serve, type Served } from '../support/serve.js';

@Controller()
class AccountController {
  constructor(private readonly sessions: SessionService) {}

  @Post('login/:user') @HttpCode(200) login(@Param('user') user: string) {
    return this.sessions.login(user);
  }

  @RequireLogin() @Get('account') account() {
    return 'yours';
  }

  @RequireRecentLogin('10m') @Get('keys') keys() {
    return 'secret';
  }
}

@RequireLogin()
@Controller('private')
class PrivateController {
  @Get() all() {
    return 'yours';
  }

  @RequireRecentLogin(60) @Get('vault') vault() {
    return 'secret';
  }
}

describe.each(adapters)('Guards ($adapter)', ({ make }) => {
  let served: Served;
  let clock: Clock;
  let browser: Browser;

  beforeEach(async () => {
    clock = new Clock();
    served = await serve({
      adapter: make(),
      session: { store: memoryStore(), now: clock.now },
      controllers: [AccountController, PrivateController],
    });
    browser = served.browser();
  });
  afterEach(() => served.close());

  const anonymous = { status: 401, errorCode: 'LOGIN_REQUIRED' };
  const stale = { status: 403, errorCode: 'RECENT_LOGIN_REQUIRED' };
  const welcome = { status: 200, errorCode: undefined };
  const at = async (path: string) => {
    const { status, text } = await browser.get(path);
    return { status, errorCode: status === 200 ? undefined : JSON.parse(text).errorCode };
  };

  it.each(['/account', '/private', '/keys', '/private/vault'])(
    'refuses who is not logged in with 401 and an error code, and sets no cookie: %s',
    async (path) => {
      expect(await at(path)).toEqual(anonymous);
      expect(browser.cookie()).toBeUndefined();
    },
  );

  it.each(['/account', '/private', '/keys', '/private/vault'])(
    'lets a user who just logged in through: %s',
    async (path) => {
      await browser.post('/login/ada');
      expect(await at(path)).toEqual(welcome);
    },
  );

  it("3.7 refuses a login that is too old with 403, by the server's own record of it", async () => {
    await browser.post('/login/ada');
    clock.advance(60);
    expect(await at('/private/vault')).toEqual(welcome);
    clock.advance(1);
    expect(await at('/private/vault')).toEqual(stale);
    expect(await at('/keys')).toEqual(welcome);
    clock.advance(539);
    expect(await at('/keys')).toEqual(welcome);
    clock.advance(1);
    expect(await at('/keys')).toEqual(stale);
    expect(await at('/account')).toEqual(welcome);
  });

  it('3.7 lets the user through after a new login, whatever they have visited in between', async () => {
    await browser.post('/login/ada');
    for (let visit = 0; visit < 3; visit++) {
      clock.advance(400);
      await browser.get('/account');
    }
    expect(await at('/keys')).toEqual(stale);
    await browser.post('/login/ada');
    expect(await at('/keys')).toEqual(welcome);
  });

  it.each([0, -1, 'soon', '', Number.NaN, undefined, null])(
    'refuses @RequireRecentLogin(%j) where it is written',
    (maxAge) => {
      expect(() => RequireRecentLogin(maxAge as never)).toThrow(RangeError);
    },
  );
});
