import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ForbiddenException, type INestApplication } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SessionContextError, SessionService } from 'nest-sessions';
import {
  CSRF_CHANNEL,
  CsrfError,
  CsrfService,
  type CsrfEvent,
  type CsrfModuleOptions,
} from 'nest-sessions/csrf';
import { adapters } from '../support/adapters.js';
import type { Playground } from '../support/playground.js';
import { ask, csrfApp, done, form, holder, json } from './csrf.app.js';

const crossSite = { 'sec-fetch-site': 'cross-site' };
const sameOrigin = { 'sec-fetch-site': 'same-origin' };

/** What happens while the function runs, by the channel. */
async function eventsOf(run: () => Promise<unknown>): Promise<CsrfEvent[]> {
  const events: CsrfEvent[] = [];
  const listen = (message: unknown) => void events.push(message as CsrfEvent);
  subscribe(CSRF_CHANNEL, listen);
  await run();
  unsubscribe(CSRF_CHANNEL, listen);
  return events;
}

const fieldsOf = (vary: string | undefined) => (vary ?? '').split(', ').filter(Boolean).toSorted();

describe.each(adapters)('CSRF protection on $adapter', ({ make }) => {
  let app: Playground;
  afterEach(() => app.close());

  const start = async (csrf?: CsrfModuleOptions, rest: Partial<Parameters<typeof csrfApp>[0]> = {}) =>
    (app = await csrfApp({ adapter: make(), csrf, ...rest }));

  describe('leaves alone', () => {
    it.each(['/pages/hook', '/hooks/any'])('%s, which is exempt', async (path) => {
      await start({ requireToken: true });
      const answer = await ask(app.origin, path, { headers: crossSite });
      expect([answer.status, answer.text, answer.headers.vary]).toEqual([201, 'done', undefined]);
    });

    it('what has no route', async () => {
      await start();
      expect((await ask(app.origin, '/pages/none/such', { headers: crossSite })).status).toBe(404);
    });
  });

  describe('the cookie', () => {
    it('is not set when nobody asks for a token', async () => {
      await start();
      const plain = await ask(app.origin, '/pages/plain', { method: 'GET' });
      const act = await ask(app.origin, '/pages/act');
      expect([plain.headers['set-cookie'], act.headers['set-cookie']]).toEqual([undefined, undefined]);
      expect([plain.headers.vary, plain.headers['cache-control']]).toEqual([undefined, undefined]);
      expect(app.watched.take()).toEqual([]);
    });

    it('comes with the first token, as a cookie of the browser session that no script reads, and once', async () => {
      await start();
      const first = await ask(app.origin, '/pages/field', { method: 'GET' });
      expect(first.headers['set-cookie']).toEqual([
        expect.stringMatching(/^csrf=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      expect(first.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Cookie' });
      const cookie = first.headers['set-cookie']![0]!.split(';')[0]!;
      const second = await ask(app.origin, '/pages/field', { method: 'GET', headers: { cookie } });
      expect([second.headers['set-cookie'], second.headers.vary]).toEqual([undefined, 'Cookie']);
    });

    it('takes the attributes that the options say', async () => {
      await start({
        cookie: { secure: true, sameSite: 'strict', partitioned: true, priority: 'high', path: '/pages' },
      });
      const { headers } = await ask(app.origin, '/pages/token', { method: 'GET' });
      const [name, ...attributes] = headers['set-cookie']![0]!.split('; ');
      expect(name).toMatch(/^__Secure-csrf=/);
      expect(attributes.toSorted()).toEqual([
        'HttpOnly',
        'Partitioned',
        'Path=/pages',
        'Priority=High',
        'SameSite=Strict',
        'Secure',
      ]);
    });

    it.each([
      { what: 'malformed', cookie: 'csrf=short' },
      { what: 'there twice', cookie: `csrf=${'A'.repeat(43)}; csrf=${'A'.repeat(43)}` },
    ])('is replaced on a safe request where it is $what', async ({ cookie }) => {
      await start();
      const { headers } = await ask(app.origin, '/pages/token', { method: 'GET', headers: { cookie } });
      expect(headers['set-cookie']).toHaveLength(1);
    });

    it('comes with the session cookie where both are new', async () => {
      await start();
      const { headers, text } = await ask(app.origin, '/pages/login');
      expect(headers['set-cookie']!.map((one) => one.split('=')[0]).toSorted()).toEqual([
        'csrf',
        'sessionid',
      ]);
      const cookie = headers['set-cookie']!.map((one) => one.split(';')[0]).join('; ');
      const { token } = JSON.parse(text);
      const sent = { headers: { cookie, 'x-csrf-token': token } };
      expect((await ask(app.origin, '/pages/act', sent)).status).toBeLessThan(300);
    });

    it.each(['/pages/ensured', '/spa'])('always comes with %s, which ensures it', async (path) => {
      await start();
      const first = await ask(app.origin, path, { method: 'GET' });
      expect(first.headers['set-cookie']).toHaveLength(1);
      expect(first.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Cookie' });
      const cookie = first.headers['set-cookie']![0]!.split(';')[0]!;
      const second = await ask(app.origin, path, { method: 'GET', headers: { cookie } });
      expect(second.headers['set-cookie']).toEqual(first.headers['set-cookie']);
      expect(app.watched.take()).toEqual([]);
    });
  });

  describe('a form field', () => {
    const valueOf = (field: string) =>
      /^<input type="hidden" name="my-token" value="([\w-]{86})">$/.exec(field)![1]!;

    it('is HTML with the configured name and a token, which differs each time', async () => {
      await start({ field: 'my-token' });
      const browser = await app.visitor();
      const { fields } = (await browser.get('/pages/field')).json();
      const [first, second] = fields.map(valueOf);
      expect(first).not.toBe(second);
      for (const value of [first, second]) {
        const sent = form({ 'my-token': value });
        const visit = await browser.post('/pages/act', sent as never);
        expect(visit.status).toBeLessThan(300);
      }
      expect((await browser.post('/pages/act', form({ _csrf: first }) as never)).status).toBe(403);
    });

    it('is left in the body for the handler', async () => {
      await start();
      const { cookie, token } = await holder(app);
      const sent = json({ _csrf: token, amount: 1 });
      const answer = await ask(app.origin, '/pages/body', { ...sent, headers: { ...sent.headers, cookie } });
      expect(answer.json()).toEqual({ _csrf: token, amount: 1 });
    });
  });

  it('takes the token from the header that the options say', async () => {
    await start({ header: 'X-Proof' });
    const { cookie, token } = await holder(app);
    const status = async (name: string) =>
      (await ask(app.origin, '/pages/act', { headers: { cookie, [name]: token } })).status;
    expect([await status('x-proof'), await status('x-csrf-token')]).toEqual([200, 403]);
  });

  describe('5.7 Vary', () => {
    it.each([
      { what: 'passes', headers: sameOrigin, status: 200 },
      { what: 'is refused', headers: crossSite, status: 403 },
    ])('names what has been looked at where an unsafe request $what', async ({ headers, status }) => {
      await start();
      const answer = await ask(app.origin, '/pages/act', { headers });
      expect([answer.status, fieldsOf(answer.headers.vary)]).toEqual([status, ['Origin', 'Sec-Fetch-Site']]);
    });

    it('keeps what others have put there', async () => {
      await start({}, { prepare: (nest) => void nest.enableCors({ origin: /shop/, credentials: true }) });
      const answer = await ask(app.origin, '/pages/act', { headers: sameOrigin });
      expect(fieldsOf(answer.headers.vary)).toEqual(['Origin', 'Sec-Fetch-Site']);
    });

    it('is left alone by a safe request', async () => {
      await start();
      const answer = await ask(app.origin, '/pages/act', { method: 'GET', headers: crossSite });
      expect(answer.headers.vary).toBeUndefined();
    });
  });

  describe('a refusal', () => {
    it('is told in the log, in a line, and on the channel, without the query', async () => {
      await start();
      const headers = { ...crossSite, origin: `https://evil.example/"${'x'.repeat(200)}` };
      const events = await eventsOf(() => ask(app.origin, '/pages/act?secret=1', { headers }));
      expect(events).toEqual([
        {
          type: 'refused',
          errorCode: 'CSRF_CROSS_SITE',
          message: expect.stringContaining('"cross-site" with the Origin "https://evil.example/\\"xxx'),
          method: 'POST',
          path: '/pages/act',
          ip: '127.0.0.1',
        },
      ]);
      expect(app.log.filter((line) => line.startsWith('warn: Refused'))).toEqual([
        `warn: Refused POST "/pages/act": ${events[0]!.message} (CSRF_CROSS_SITE)`,
      ]);
      expect(events[0]!.message.length).toBeLessThan(250);
    });

    it('carries no token', async () => {
      await start();
      const [me, other] = [await holder(app), await holder(app)];
      const headers = { cookie: me.cookie, 'x-csrf-token': other.token };
      const events = await eventsOf(() => ask(app.origin, `/pages/act?_csrf=${me.token}`, { headers }));
      const told = JSON.stringify([events, app.log]);
      for (const hidden of [me.token, me.secret, me.session!, other.token]) {
        expect(told).not.toContain(hidden);
      }
      expect(told).toContain('CSRF_TOKEN_INVALID');
    });

    it('says of a multipart form that its token goes into the header', async () => {
      await start();
      const { cookie } = await holder(app);
      const headers = { cookie, 'content-type': 'multipart/form-data; boundary=x' };
      const answer = await ask(app.origin, '/pages/act', { headers, body: '--x--\r\n' });
      expect(answer.json().message).toMatch(/in the header x-csrf-token, got none\. .*multipart/);
    });

    it('says what may be wrong where TLS ends before the application', async () => {
      await start();
      const origin = app.origin.replace('http:', 'https:');
      const answer = await ask(app.origin, '/pages/act', { headers: { origin } });
      expect(answer.json().message).toContain('has to be told to trust it');
    });

    it('is a ForbiddenException with the code', () => {
      const error = new CsrfError('CSRF_ORIGIN', 'no');
      expect(error).toBeInstanceOf(ForbiddenException);
      expect([error.errorCode, error.message, error.getStatus(), error.name]).toEqual([
        'CSRF_ORIGIN',
        'no',
        403,
        'CsrfError',
      ]);
    });
  });

  describe('5.7 reportOnly', () => {
    it('lets pass, and tells what would have been refused', async () => {
      await start({ reportOnly: true });
      done.count = 0;
      const { cookie } = await holder(app);
      const events = await eventsOf(async () => {
        expect((await ask(app.origin, '/pages/act', { headers: crossSite })).status).toBe(200);
        expect((await ask(app.origin, '/pages/act', { headers: { origin: 'null' } })).status).toBe(200);
        expect((await ask(app.origin, '/pages/act', { headers: { cookie } })).status).toBe(200);
        expect((await ask(app.origin, '/pages/act', { headers: sameOrigin })).status).toBe(200);
      });
      expect(done.count).toBe(4);
      expect(events.map(({ type, errorCode }) => `${type} ${errorCode}`)).toEqual([
        'reported CSRF_CROSS_SITE',
        'reported CSRF_ORIGIN',
        'reported CSRF_TOKEN_MISSING',
      ]);
      expect(app.log.filter((line) => line.includes('Would refuse POST'))).toHaveLength(3);
    });

    it('names in Vary what has been looked at', async () => {
      await start({ reportOnly: true });
      const { headers } = await ask(app.origin, '/pages/act', { headers: crossSite });
      expect(fieldsOf(headers.vary)).toEqual(['Origin', 'Sec-Fetch-Site']);
    });
  });

  describe('5.5 a POST that middleware has made a GET', () => {
    const override = (nest: INestApplication, change: (request: any) => void) =>
      void nest.use((request: any, _response: unknown, next: () => void) => {
        change(request);
        next();
      });

    it.each([
      { what: 'by a header', path: '/pages/act', headers: { 'x-http-method-override': 'GET' } },
      { what: 'by the query', path: '/pages/act?_method=GET', headers: {} },
      { what: 'and kept its method', path: '/pages/act', headers: { 'x-my-method': 'GET' }, keeps: true },
    ])('$what is refused', async ({ path, headers, keeps = false }) => {
      await start(
        {},
        {
          prepare: (nest) =>
            override(nest, (request) => {
              if (keeps) request.originalMethod = request.method;
              if (request.method === 'POST') request.method = 'GET';
            }),
        },
      );
      done.count = 0;
      const answer = await ask(app.origin, path, { headers: { ...headers, ...crossSite } });
      expect([answer.status, done.count]).toEqual([403, 0]);
    });
  });

  it('works below a global prefix, and for what is excluded from it', async () => {
    await start({}, { prepare: (nest) => void nest.setGlobalPrefix('api', { exclude: ['pages/act'] }) });
    const status = async (path: string) => (await ask(app.origin, path, { headers: crossSite })).status;
    expect([await status('/api/pages/login'), await status('/pages/act')]).toEqual([403, 403]);
  });

  it('goes together with enableCsrfProtection(), which refuses first', async () => {
    await start({}, { prepare: (nest) => void nest.enableCsrfProtection() });
    const refused = await ask(app.origin, '/pages/act', { headers: crossSite });
    expect([refused.status, refused.json().errorCode]).toEqual([403, undefined]);
    const { cookie } = await holder(app);
    expect((await ask(app.origin, '/pages/act', { headers: { cookie } })).json().errorCode).toBe(
      'CSRF_TOKEN_MISSING',
    );
  });

  it('gives no token outside a request, nor in a job', async () => {
    await start();
    const csrf = app.app.get(CsrfService, { strict: false });
    await expect(csrf.token()).rejects.toBeInstanceOf(SessionContextError);
    const job = await app.app.get(SessionService).create({ name: 'Ada' });
    await expect(app.sessions.run(job, () => csrf.token())).rejects.toBeInstanceOf(SessionContextError);
  });
});
