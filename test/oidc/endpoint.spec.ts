import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  UnauthorizedException,
  UnprocessableEntityException,
  type CallHandler,
  type CanActivate,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { memoryStore } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { OidcLogoutModule } from 'nest-sessions/oidc';
import { generateKeyPair } from 'jose';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { oidcApp, PATH, type OidcApp } from './oidc.app.js';
import { CLIENT, JWKS, KeyServer } from './provider.js';

const stranger = await generateKeyPair('ES256');
const FORM = 'application/x-www-form-urlencoded';
const LIMIT = 16 * 1024;

/** Stands in everybody's way. */
class Wall implements CanActivate, NestInterceptor, PipeTransform {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
  intercept(_context: unknown, _next: CallHandler): never {
    throw new UnauthorizedException();
  }
  transform(): never {
    throw new UnprocessableEntityException();
  }
}

@Controller('session/backchannel-logout')
class Below {
  @Get('below')
  below() {
    return 'below';
  }
}

describe.each(adapters)('The address that logout tokens come to, on $adapter', ({ make }) => {
  let app: OidcApp;
  let ada: Browser;

  async function open(
    oidc: Parameters<typeof oidcApp>[1] = {},
    serve: NonNullable<Parameters<typeof oidcApp>[0]['serve']> = {},
  ): Promise<void> {
    app = await oidcApp({ adapter: make(), store: memoryStore(), serve }, oidc);
    ada = await app.loggedIn();
  }
  afterEach(() => app.close());

  const codes = () => app.told.map((event) => (event.type === 'refused' ? event.errorCode : event.type));

  describe('of an application with nothing special', () => {
    beforeEach(() => open());

    it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('takes POST, and not %s', async (method) => {
      const visit = await ada.visit(method, PATH, {});
      expect([visit.status, visit.headers.get('allow')]).toEqual([405, 'POST']);
      expect(visit.headers.get('cache-control')).toBe('no-store');
      expect(codes()).toEqual([]);
    });

    it('reads form fields, with a charset and in any case', async () => {
      const body = { logout_token: await app.token() };
      const visit = await app.post(body, {
        'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8',
      });
      expect(visit.status).toBe(200);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it('reads a JSON object', async () => {
      const body = JSON.stringify({ logout_token: await app.token() });
      expect((await app.post(body, { 'content-type': 'application/json' })).status).toBe(200);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it.each([
      { what: 'no token', body: () => 'state=1' },
      { what: 'an empty token', body: () => 'logout_token=' },
      { what: 'nothing', body: () => '' },
      { what: 'two tokens', body: (token: string) => `logout_token=${token}&logout_token=${token}` },
      { what: 'a token in brackets', body: (token: string) => `logout_token[]=${token}` },
      {
        what: 'JSON that is cut off',
        body: (token: string) => `{"logout_token":"${token}`,
        type: 'application/json',
      },
      {
        what: 'a JSON list',
        body: (token: string) => `[{"logout_token":"${token}"}]`,
        type: 'application/json',
      },
      { what: 'a token that is no text', body: () => '{"logout_token":{}}', type: 'application/json' },
    ])('refuses $what', async ({ body, type = FORM }) => {
      const visit = await app.post(body(await app.token()), { 'content-type': type });
      expect(visit.status).toBe(400);
      expect(await app.isLoggedIn(ada)).toBe(true);
    });

    it.each(['text/plain', 'multipart/form-data; boundary=x', ''])(
      'refuses a body of the type "%s"',
      async (type) => {
        const visit = await app.post(`logout_token=${await app.token()}`, { 'content-type': type });
        expect(visit.status).toBe(415);
        expect(visit.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
      },
    );

    it('takes a body of 16 KB and refuses a larger one, however it comes', async () => {
      const fields = `logout_token=${await app.token()}&padding=`;
      expect((await app.post(fields.padEnd(LIMIT, 'x'))).status).toBe(200);
      const tooLarge = `logout_token=${await app.token()}&padding=`.padEnd(LIMIT + 1, 'x');
      expect((await app.post(tooLarge)).status).toBe(413);
      expect(await inChunks(app.origin + PATH, tooLarge)).toBe(413);
    });

    it('looks at no cookie, and gives none', async () => {
      const bob = await app.loggedIn({ sub: 'bob' });
      app.watched.take();
      const visit = await bob.post(PATH, {
        headers: { 'content-type': FORM },
        body: `logout_token=${await app.token({ key: stranger.privateKey })}`,
      });
      expect([visit.status, visit.setCookies, app.watched.take()]).toEqual([400, [], []]);
      await bob.post(PATH, { headers: { 'content-type': FORM }, body: `logout_token=${await app.token()}` });
      expect(await app.isLoggedIn(bob)).toBe(true);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it('does not mind a client that goes away in the middle', async () => {
      await new Promise<void>((resolve) => {
        const cut = request(app.origin + PATH, {
          method: 'POST',
          headers: { 'content-type': FORM, 'content-length': '100' },
        });
        cut.once('error', () => resolve());
        cut.write('logout_token=', () => cut.destroy());
      });
      expect((await app.logout()).status).toBe(200);
      expect(app.log.filter((line) => line.startsWith('error'))).toEqual([]);
    });

    it('logs no failures of an address for a minute after 30, and goes on taking what is good', async () => {
      for (let attempt = 1; attempt <= 30; attempt++) {
        expect((await app.post({ logout_token: 'guess' })).status).toBe(400);
      }
      app.clock.advance(45);
      app.watched.take();
      const visit = await app.post({ logout_token: 'guess' });
      expect([visit.status, visit.headers.get('retry-after')]).toEqual([429, '15']);
      expect([app.watched.take(), codes().at(-1)]).toEqual([[], 'OIDC_RATE']);
      expect((await app.logout()).status).toBe(200);
      app.clock.advance(15);
      expect((await app.post({ logout_token: 'guess' })).status).toBe(400);
      expect(codes().at(-1)).toBe('OIDC_TOKEN');
      expect(app.log.filter((line) => line.includes('OIDC_RATE'))).toEqual([]);
    });

    it('counts no request against its address that succeeds', async () => {
      for (let attempt = 1; attempt <= 31; attempt++) {
        expect((await app.logout()).status).toBe(200);
      }
    });
  });

  describe('when something is out of reach', () => {
    it('tells the provider to try again, and takes the token then: the store, before anything has ended', async () => {
      await open();
      const token = await app.token();
      app.watched.before = () => {
        throw new Error('the server is away');
      };
      const visit = await app.post({ logout_token: token });
      expect([visit.status, visit.headers.get('cache-control')]).toEqual([503, 'no-store']);
      expect(visit.json()).toEqual({
        error: 'temporarily_unavailable',
        error_description: expect.any(String),
      });
      expect(codes()).toEqual(['OIDC_UNAVAILABLE']);
      app.watched.before = () => undefined;
      expect((await app.post({ logout_token: token })).status).toBe(200);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it.each(['load', 'create', 'commit', 'destroy'] as const)(
      'tells the provider to try again, and takes the token then: the store, on the way (%s)',
      async (verb) => {
        await open();
        const bob = await app.loggedIn();
        const token = await app.token();
        let calls = 0;
        app.watched.before = (called) => {
          calls += Number(called === verb);
          // The last of its kind: `create` remembers the token, the second `destroy` ends the second session.
          if (called === verb && (verb !== 'destroy' || calls === 2)) {
            throw new Error('the server is away');
          }
        };
        expect((await app.post({ logout_token: token })).status).toBe(503);
        app.watched.before = () => undefined;
        expect((await app.post({ logout_token: token })).status).toBe(200);
        expect([await app.isLoggedIn(ada), await app.isLoggedIn(bob)]).toEqual([false, false]);
        expect((await app.post({ logout_token: token })).status).toBe(400);
      },
    );

    it('does not count what is not its fault against an address', async () => {
      await open();
      app.watched.before = () => {
        throw new Error('the server is away');
      };
      for (let attempt = 1; attempt <= 31; attempt++) {
        expect((await app.logout()).status).toBe(503);
      }
    });

    describe('the keys of the provider', () => {
      let keys: KeyServer;
      beforeEach(async () => {
        keys = await KeyServer.start();
      });
      afterEach(() => keys.stop());

      it('fetches the keys when it needs them, and keeps them', async () => {
        await open({ jwks: keys.url });
        expect(keys.asked).toBe(0);
        expect((await app.logout()).status).toBe(200);
        expect((await app.logout()).status).toBe(200);
        expect(keys.asked).toBe(1);
      });

      it.each([
        { what: 'fail', status: 500, body: '{}' },
        { what: 'are elsewhere', status: 302, body: '{}' },
        { what: 'are no JSON', status: 200, body: '<html>' },
        { what: 'are no keys', status: 200, body: '{"keys":"none"}' },
      ])('tells the provider to try again when they $what', async ({ status, body }) => {
        await open({ jwks: keys.url });
        const token = await app.token();
        Object.assign(keys, { status, body });
        expect((await app.post({ logout_token: token })).status).toBe(503);
        expect(codes()).toEqual(['OIDC_UNAVAILABLE']);
        expect(await app.isLoggedIn(ada)).toBe(true);
        Object.assign(keys, { status: 200, body: JSON.stringify(JWKS) });
        expect((await app.post({ logout_token: token })).status).toBe(200);
        expect(await app.isLoggedIn(ada)).toBe(false);
      });

      it('does not ask for them again for every key that it does not know', async () => {
        await open({ jwks: keys.url });
        for (let attempt = 1; attempt <= 5; attempt++) {
          expect((await app.logout({ header: { kid: `unknown ${attempt}` } })).status).toBe(400);
        }
        expect(keys.asked).toBe(1);
      });

      it('takes no symmetric key from there', async () => {
        const secret = new TextEncoder().encode('a secret that everybody can read there');
        const k = Buffer.from(secret).toString('base64url');
        keys.body = JSON.stringify({ keys: [{ kty: 'oct', k, kid: 'current', alg: 'HS256' }] });
        await open({ jwks: keys.url });
        expect((await app.logout({ header: { alg: 'HS256' }, key: secret })).status).toBe(400);
        expect(await app.isLoggedIn(ada)).toBe(true);
      });
    });
  });

  it('is there before guards, interceptors, pipes and CSRF protection', async () => {
    const wall = [APP_GUARD, APP_INTERCEPTOR, APP_PIPE].map((provide) => ({ provide, useClass: Wall }));
    await open({}, { providers: wall, imports: [CsrfModule.forRoot({ requireToken: true })] });
    const visit = await app.logout();
    expect(visit.status).toBe(200);
    expect(codes()).toEqual(['backchannel-logout']);
  });

  it('is where the option path says, below the global prefix, and nowhere else', async () => {
    const prepare = (nest: INestApplication) => void nest.setGlobalPrefix('api');
    await open({ path: '/oidc/logout' }, { prepare });
    const browser = app.browser();
    const token = `logout_token=${await app.token()}`;
    const send = (path: string) => browser.post(path, { body: token, headers: { 'content-type': FORM } });
    expect((await send('/oidc/logout')).status).toBe(404);
    expect((await send(`/api${PATH}`)).status).toBe(404);
    expect((await send('/api/oidc/logout')).status).toBe(200);
  });

  it('leaves alone what is below it', async () => {
    await open({}, { controllers: [Below] });
    const visit = await app.browser().get(`${PATH}/below`);
    expect([visit.status, visit.text]).toEqual([200, 'below']);
  });

  it('is one of several, for a provider each', async () => {
    const other = OidcLogoutModule.forRoot({
      issuer: 'https://other.example.com',
      clientId: CLIENT,
      jwks: JWKS,
      path: '/other/logout',
    });
    await open({}, { imports: [other] });
    const fromOther = await app.token({ claims: { iss: 'https://other.example.com' } });
    // The user of one provider is not that of the other, whatever they are called.
    expect((await app.post({ logout_token: fromOther })).status).toBe(400);
    const send = (token: string) =>
      app
        .browser()
        .post('/other/logout', { body: `logout_token=${token}`, headers: { 'content-type': FORM } });
    expect((await send(fromOther)).status).toBe(200);
    expect((await send(await app.token())).status).toBe(400);
    expect(await app.isLoggedIn(ada)).toBe(true);
    expect((await app.logout()).status).toBe(200);
    expect(await app.isLoggedIn(ada)).toBe(false);
  });

  it('takes the address of the client from a proxy only where that is trusted', async () => {
    await open();
    const forged = { 'x-forwarded-for': '203.0.113.7' };
    await app.post({ logout_token: 'guess' }, forged);
    expect(app.told).toMatchObject([{ type: 'refused', ip: '127.0.0.1' }]);
  });
});

/** Sends a body without its length, and gives the status of the answer. */
function inChunks(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'content-type': FORM } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.once('error', reject);
    sent.write(body.slice(0, 1000));
    sent.end(body.slice(1000));
  });
}
