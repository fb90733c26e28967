import { Controller, Get, Header, Param, Post, Res } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import { Agent } from 'node:http';
import { Session, type SessionStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { memory } from '../support/memory.js';
import { hijack } from '../support/raw-response.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';
import { Wire } from '../support/wire.js';

const TEXT = 'lorem ipsum '.repeat(40_000);

@Controller()
class HeadersController {
  @Get('unused') unused() {
    return {};
  }

  @Get('read') read(@Session() session: Session) {
    return { name: session.get('name', 'Guest') };
  }

  @Post('write/:name') write(@Session() session: Session, @Param('name') name: string) {
    session.set('name', name);
  }

  @Post('flush') flush(@Session() session: Session) {
    return session.flush();
  }

  @Get('vary/:value') vary(@Session() session: Session, @Param('value') value: string, @Res() response: any) {
    session.get('name');
    response.header('Vary', value);
    response.send({});
  }

  @Get('vary-list') varyList(@Session() session: Session, @Res() response: any) {
    session.get('name');
    hijack(response).setHeader('Vary', ['Origin', 'Accept']).end();
  }

  @Post('cached') @Header('Cache-Control', 'private, max-age=5') cached(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Post('cached-raw') cachedRaw(@Session() session: Session, @Res() response: any) {
    session.set('name', 'Ada');
    hijack(response).writeHead(200, { 'cache-control': 'private, max-age=5' }).end();
  }

  @Post('own-cookie') @Header('Set-Cookie', 'own=1; Path=/') ownCookie(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Post('own-cookies') ownCookies(@Session() session: Session, @Res({ passthrough: true }) response: any) {
    session.set('name', 'Ada');
    response.header('Set-Cookie', ['own=1', 'own=2']);
  }

  @Post('own-cookies-raw') ownCookiesRaw(@Session() session: Session, @Res() response: any) {
    session.set('name', 'Ada');
    hijack(response)
      .writeHead(200, { 'set-cookie': ['own=1', 'own=2'] })
      .end();
  }

  @Get('text') text(@Session() session: Session) {
    session.set('name', 'Ada');
    return TEXT;
  }
}

describe.each(adapters)('Headers on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;

  async function start(prepare?: Parameters<typeof serve>[0]['prepare']): Promise<void> {
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [HeadersController],
      session: { store: watched.store as SessionStore },
      prepare,
    });
  }
  afterEach(() => served.close());

  describe('that the application sets', () => {
    beforeEach(() => start());

    it.each([
      { given: 'Origin', becomes: 'Origin, Cookie' },
      { given: 'Origin, Accept-Encoding', becomes: 'Origin, Accept-Encoding, Cookie' },
      { given: 'cookie', becomes: 'cookie' },
      { given: 'Accept, COOKIE', becomes: 'Accept, COOKIE' },
      { given: 'X-Cookie', becomes: 'X-Cookie, Cookie' },
      { given: '*', becomes: '*' },
      { given: 'Accept, *', becomes: 'Accept, *' },
    ])('are added to: Vary "$given" becomes "$becomes"', async ({ given, becomes }) => {
      const visit = await served.browser().get(`/vary/${encodeURIComponent(given)}`);
      expect(visit.headers.get('vary')).toBe(becomes);
    });

    it('are added to when they come as a list', async () => {
      expect((await served.browser().get('/vary-list')).headers.get('vary')).toBe('Origin, Accept, Cookie');
    });

    it.each(['/cached', '/cached-raw'])('keep their Cache-Control (%s)', async (path) => {
      const visit = await served.browser().post(path);
      expect(visit.headers.get('cache-control')).toBe('private, max-age=5');
      expect(visit.setCookies).toHaveLength(1);
    });

    it.each([
      { path: '/own-cookie', own: ['own=1; Path=/'] },
      { path: '/own-cookies', own: ['own=1', 'own=2'] },
      { path: '/own-cookies-raw', own: ['own=1', 'own=2'] },
    ])('keep their cookies beside ours ($path)', async ({ path, own }) => {
      const { setCookies } = await served.browser().post(path);
      expect(setCookies).toEqual([...own, expect.stringMatching(/^sessionid=[0-9a-f]{32}\./)]);
    });
  });

  describe('that the session sets', () => {
    beforeEach(() => start());

    it('4.10 forbid to store a response that sets the cookie', async () => {
      const visit = await served.browser().post('/write/Ada');
      expect(visit.headers.get('cache-control')).toBe('no-store');
    });

    it('4.10 forbid to store a response that clears the cookie', async () => {
      const browser = served.browser();
      await browser.post('/write/Ada');
      const visit = await browser.post('/flush');
      expect(visit.headers.get('cache-control')).toBe('no-store');
    });

    it('4.10 allow to store one that leaves the cookie of an anonymous session alone, by cookie', async () => {
      const browser = served.browser();
      await browser.post('/write/Ada');
      const visit = await browser.get('/read');
      expect(visit.headers.get('cache-control')).toBeNull();
      expect(visit.headers.get('vary')).toBe('Cookie');
    });

    it('are none where the session was not used', async () => {
      const browser = served.browser();
      await browser.post('/write/Ada');
      const visit = await browser.get('/unused');
      expect(visit.headers.get('cache-control')).toBeNull();
      expect(visit.headers.get('vary')).toBeNull();
    });
  });

  describe('with the npm package compression', () => {
    beforeEach(() => start((app) => void app.use(compression({ threshold: 0 }))));

    it('come before the first byte, which is compressed all the same', async () => {
      const barrier = new Barrier();
      watched.before = (verb) => (verb === 'create' ? barrier.wait() : undefined);
      const wire = new Wire(served.origin, '/text', { headers: { 'accept-encoding': 'gzip' } });
      await barrier.reached;
      await served.browser().get('/unused');
      await served.browser().get('/unused');
      expect(wire.bytesReceived).toBe(0);
      barrier.open();
      const { headers, setCookies, body } = await wire.answer;
      expect(headers['content-encoding']).toBe('gzip');
      expect(body.length).toBeLessThan(TEXT.length / 10);
      expect(setCookies).toHaveLength(1);
      expect(headers.vary).toMatch(/Accept-Encoding/);
      expect(headers.vary).toMatch(/Cookie/);
    });

    it('go with a body that decompresses to what was sent', async () => {
      const browser = served.browser();
      const visit = await browser.get('/text', { headers: { 'accept-encoding': 'gzip' } });
      expect(visit.headers.get('content-encoding')).toBe('gzip');
      expect(visit.text).toBe(TEXT);
      expect((await browser.get('/read')).json()).toEqual({ name: 'Ada' });
    });

    it('go with a 503 that can be read when the store fails under it', async () => {
      watched.before = (verb) => {
        if (verb === 'create') {
          throw new Error('store is down');
        }
      };
      const visit = await served
        .browser()
        .post('/own-cookies-raw', { headers: { 'accept-encoding': 'gzip' } });
      expect(visit.status).toBe(503);
      expect(visit.json()).toMatchObject({ statusCode: 503 });
    });
  });

  it('go with the right ones of two requests on one socket', async () => {
    await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (method: string, path: string, headers = {}) =>
      new Wire(served.origin, path, { agent, method, headers });
    const ada = ask('POST', '/write/Ada');
    const [cookieOfAda] = (await ada.answer).setCookies;
    const grace = ask('POST', '/write/Grace');
    const [cookieOfGrace] = (await grace.answer).setCookies;
    const reader = ask('GET', '/read', { cookie: cookieOfAda!.split(';')[0] });
    const read = await reader.answer;
    expect(new Set([ada.socket, grace.socket, reader.socket]).size).toBe(1);
    expect(cookieOfGrace).not.toBe(cookieOfAda);
    expect(read.json()).toEqual({ name: 'Ada' });
    expect(read.setCookies).toEqual([]);
    agent.destroy();
  });
});
