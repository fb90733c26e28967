import { Controller, Post, Res } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cookieStore, Session } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { serve, type Served } from '../support/serve.js';

@Controller()
class StreamController {
  @Post('set') set(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Post('stream') async stream(@Session() session: Session, @Res() reply: any) {
    const response = reply.raw ?? reply;
    response.write('begun ');
    session.set('name', 'Grace');
    response.end(
      await session.save().then(
        () => 'saved',
        (error: Error) => error.name,
      ),
    );
  }
}

describe.each(adapters)('A session in a cookie whose response has begun, on $adapter', ({ make }) => {
  let served: Served;
  afterEach(() => served.close());

  it('does not claim to have saved what no cookie can carry any more', async () => {
    served = await serve({
      adapter: make(),
      session: { store: cookieStore({ keys: [randomBytes(32).toString('base64url')] }) },
      controllers: [StreamController],
    });
    const browser = served.browser();
    await browser.post('/set');
    expect((await browser.post('/stream')).text).toBe('begun SessionUndeliverableError');
  });

  it('is not written by run(), which could give nobody the new cookie', async () => {
    served = await serve({
      adapter: make(),
      session: { store: cookieStore({ keys: [randomBytes(32).toString('base64url')] }) },
      controllers: [StreamController],
    });
    const browser = served.browser();
    await browser.post('/set');
    const running = served.sessions.run(browser.cookie()!, async () => {
      (await served.sessions.current()).set('name', 'Grace');
    });
    await expect(running).rejects.toThrow('can no longer reach the client');
  });
});
