import { Controller, Post } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cookieStore, Session } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { serve, type Served } from '../support/serve.js';

@Controller()
class ReloadController {
  @Post('set') set(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Post('reload') async reload(@Session() session: Session) {
    session.set('name', 'Grace');
    await session.reload();
    session.set('more', 1);
    return session.toJSON();
  }

  @Post('read') read(@Session() session: Session) {
    return session.toJSON();
  }
}

describe.each(adapters)('reload() of a session in a cookie, on $adapter', ({ make }) => {
  let served: Served;
  afterEach(() => served.close());

  it('drops what is not committed, and neither ends the session nor what comes after', async () => {
    served = await serve({
      adapter: make(),
      session: { store: cookieStore({ keys: [randomBytes(32).toString('base64url')] }) },
      controllers: [ReloadController],
    });
    const browser = served.browser();
    await browser.post('/set');
    expect((await browser.post('/reload')).json()).toEqual({ name: 'Ada', more: 1 });
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', more: 1 });
  });
});
