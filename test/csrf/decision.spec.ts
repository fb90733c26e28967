import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CsrfErrorCode } from 'nest-sessions/csrf';
import { adapters } from '../support/adapters.js';
import type { Playground } from '../support/playground.js';
import { ask, csrfApp, done, form, holder, json, type Holder, type Sent } from './csrf.app.js';

const TRUSTED = 'https://shop.example.com';

interface Visitor extends Holder {
  /** The application's own origin. */
  readonly own: string;
  /** The cookies of somebody else, and their token. */
  readonly other: Holder;
  /** What a browser without a session holds. */
  readonly guest: Holder;
}

interface Row {
  readonly what: string;
  readonly method?: string;
  readonly path?: string;
  readonly strict?: boolean;
  readonly send?: (visitor: Visitor) => Sent & { readonly headers: Sent['headers'] };
  /** The `errorCode` of the refusal, or what passes. */
  readonly outcome: 'passes' | CsrfErrorCode;
}

const from = (
  site: string | string[] | undefined,
  origin?: string | string[],
  more: Sent['headers'] = {},
) => ({
  headers: { 'sec-fetch-site': site, origin, ...more },
});
const sites = (site: string, origin?: string) => () => from(site, origin);
const origins = (origin: string | string[]) => () => from(undefined, origin);

/** The statements of security.md, section 5, on where a request comes from. */
const metadata: Row[] = [
  { what: '5.1 POST from this origin', send: sites('same-origin'), outcome: 'passes' },
  { what: '5.1 POST by the user, from no site', send: sites('none'), outcome: 'passes' },
  { what: '5.1 POST from another site', send: sites('cross-site'), outcome: 'CSRF_CROSS_SITE' },
  {
    what: '5.1 POST from another site with its Origin',
    send: sites('cross-site', 'https://evil.example'),
    outcome: 'CSRF_CROSS_SITE',
  },
  { what: '5.1 POST from a sibling host', send: sites('same-site'), outcome: 'CSRF_CROSS_SITE' },
  {
    what: '5.1 POST from a sibling host with its Origin',
    send: sites('same-site', 'https://blog.example.com'),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.1 POST from a sibling host that is trusted',
    send: sites('same-site', TRUSTED),
    outcome: 'passes',
  },
  {
    what: '5.1 POST from another site that is trusted',
    send: sites('cross-site', TRUSTED),
    outcome: 'passes',
  },
  {
    what: '5.1 POST from another site that claims the own Origin',
    send: ({ own }) => from('cross-site', own),
    outcome: 'CSRF_CROSS_SITE',
  },
  { what: '5.1 POST from a sandboxed frame', send: sites('cross-site', 'null'), outcome: 'CSRF_CROSS_SITE' },
  { what: '5.1 POST with a value that nobody knows', send: sites('same-planet'), outcome: 'CSRF_CROSS_SITE' },
  {
    what: '5.1 POST with a value that nobody knows from a trusted origin',
    send: sites('same-planet', TRUSTED),
    outcome: 'passes',
  },
  { what: '5.1 POST with an empty value', send: sites(''), outcome: 'CSRF_CROSS_SITE' },
  { what: '5.1 POST with the value in upper case', send: sites('Same-Origin'), outcome: 'CSRF_CROSS_SITE' },
  {
    what: '5.1 POST with two values',
    send: () => from(['same-origin', 'cross-site']),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.1 POST of this origin, whatever Origin says',
    send: sites('same-origin', 'https://evil.example'),
    outcome: 'passes',
  },
  {
    what: '5.1 POST of this origin with a session and no token',
    send: ({ cookie }) => from('same-origin', undefined, { cookie }),
    outcome: 'passes',
  },
  {
    what: '5.1 POST from another site with a session and its token',
    send: ({ cookie, token }) => from('cross-site', undefined, { cookie, 'x-csrf-token': token }),
    outcome: 'CSRF_CROSS_SITE',
  },
  ...['PUT', 'PATCH', 'DELETE'].map((method): Row => ({
    what: `5.1 ${method} from another site`,
    method,
    send: sites('cross-site'),
    outcome: 'CSRF_CROSS_SITE',
  })),
  { what: '5.1 DELETE from this origin', method: 'DELETE', send: sites('same-origin'), outcome: 'passes' },
  { what: '5.2 POST with the own Origin', send: ({ own }) => from(undefined, own), outcome: 'passes' },
  {
    what: '5.2 POST with the own Origin and a session',
    send: ({ own, cookie }) => from(undefined, own, { cookie }),
    outcome: 'passes',
  },
  { what: '5.2 POST with a trusted Origin', send: origins(TRUSTED), outcome: 'passes' },
  { what: '5.2 POST with a foreign Origin', send: origins('https://evil.example'), outcome: 'CSRF_ORIGIN' },
  { what: '5.2 POST with the Origin null', send: origins('null'), outcome: 'CSRF_ORIGIN' },
  { what: '5.2 POST with an empty Origin', send: origins(''), outcome: 'CSRF_ORIGIN' },
  { what: '5.2 POST with an Origin that is none', send: origins('shop.example.com'), outcome: 'CSRF_ORIGIN' },
  { what: '5.2 POST with a trusted Origin and a path', send: origins(`${TRUSTED}/`), outcome: 'CSRF_ORIGIN' },
  {
    what: '5.2 POST with several Origins',
    send: ({ own }) => from(undefined, [own, 'https://evil.example']),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with a trusted Origin twice',
    send: origins([TRUSTED, TRUSTED]),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with the own host as a subdomain of another',
    send: ({ own }) => from(undefined, own.replace(/(:\d+)$/, '.evil.example$1')),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with a trusted host as a subdomain of another',
    send: origins(`${TRUSTED}.evil.com`),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with the own host as a user name',
    send: ({ own }) => from(undefined, `${own}@evil.example`),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with the own host and another scheme',
    send: ({ own }) => from(undefined, own.replace('http:', 'https:')),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with the own host and another port',
    send: ({ own }) => from(undefined, `${own.replace(/:\d+$/, '')}:1`),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with the own host without its port',
    send: ({ own }) => from(undefined, own.replace(/:\d+$/, '')),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST to the default port, named in Host only',
    send: () => from(undefined, 'http://app.example', { host: 'app.example:80' }),
    outcome: 'passes',
  },
  {
    what: '5.2 POST to the default port, named in Origin only',
    send: () => from(undefined, 'http://app.example:80', { host: 'app.example' }),
    outcome: 'passes',
  },
  {
    what: '5.2 POST to a host in upper case',
    send: () => from(undefined, 'http://app.example', { host: 'APP.example' }),
    outcome: 'passes',
  },
  {
    what: '5.2 POST to an address of IPv6',
    send: () => from(undefined, 'http://[::1]:3000', { host: '[::1]:3000' }),
    outcome: 'passes',
  },
  {
    what: '5.2 POST to a port of TLS, without TLS',
    send: () => from(undefined, 'https://app.example', { host: 'app.example:443' }),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with the own Origin to a host that is none',
    send: () => from(undefined, 'http://a', { host: 'a/b' }),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with a foreign Origin that is named as forwarded host',
    send: () => from(undefined, 'http://evil.example', { 'x-forwarded-host': 'evil.example' }),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.2 POST with a foreign Origin and a valid token',
    send: ({ cookie, token }) => from(undefined, 'https://evil.example', { cookie, 'x-csrf-token': token }),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.4 POST from the trusted host without TLS',
    send: origins('http://shop.example.com'),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.4 POST from another port of the trusted host',
    send: origins(`${TRUSTED}:8443`),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.4 POST from below the trusted host',
    send: origins('https://a.shop.example.com'),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.4 POST from a trusted origin with a port',
    send: origins('http://localhost:5173'),
    outcome: 'passes',
  },
  ...['GET', 'HEAD', 'OPTIONS'].map((method): Row => ({
    what: `5.5 ${method} from another site`,
    method,
    send: sites('cross-site', 'null'),
    outcome: 'passes',
  })),
  {
    what: '5.5 POST that asks to be a GET in a header',
    send: () => from('cross-site', undefined, { 'x-http-method-override': 'GET' }),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.5 POST that asks to be a GET in the query',
    path: '/pages/act?_method=GET',
    send: sites('cross-site'),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.5 GET that asks to be a POST',
    method: 'GET',
    send: () => from('cross-site', undefined, { 'x-http-method-override': 'POST' }),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.5 GET that asks to be a DELETE in the query',
    method: 'GET',
    path: '/pages/act?%5fmethod=DELETE',
    send: sites('cross-site'),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.8 a login form of another site',
    path: '/pages/login',
    send: () => ({
      ...form({ user: 'mallory' }),
      headers: { ...form({}).headers, 'sec-fetch-site': 'cross-site' },
    }),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.8 a login form of another origin in an old browser',
    path: '/pages/login',
    send: () => ({
      ...form({ user: 'mallory' }),
      headers: { ...form({}).headers, origin: 'https://evil.example' },
    }),
    outcome: 'CSRF_ORIGIN',
  },
  {
    what: '5.9 JSON as text/plain from another site, which no preflight announces',
    send: () => ({
      body: '{"amount":1}',
      headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' },
    }),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.9 JSON as text/plain from another origin in an old browser',
    send: () => ({
      body: '{"amount":1}',
      headers: { 'content-type': 'text/plain', origin: 'https://evil.example' },
    }),
    outcome: 'CSRF_ORIGIN',
  },
];

const withCookie = (cookie: string, more: Sent['headers'] = {}) => ({ headers: { cookie, ...more } });
const inField = (cookie: string, sent: Sent) => ({ ...sent, headers: { ...sent.headers, cookie } });
const sessionOf = ({ session }: Holder) => `sessionid=${session}`;
const MULTIPART = { 'content-type': 'multipart/form-data; boundary=x' };
const multipart = (token: string) =>
  `--x\r\nContent-Disposition: form-data; name="_csrf"\r\n\r\n${token}\r\n--x--\r\n`;

/** What a request without any such header has to bring, and every unsafe one where tokens are required. */
const tokens: Row[] = [
  { what: '5.3 POST that says nothing and has no session', outcome: 'passes' },
  {
    what: '5.3 POST that says nothing and has a session',
    send: (me) => withCookie(sessionOf(me)),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: '5.3 POST that says nothing and has a session that there never was',
    send: () => withCookie(`sessionid=${'0'.repeat(32)}.${'A'.repeat(43)}`),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: '5.3 POST that says nothing and has no session but the CSRF cookie',
    send: ({ guest }) => withCookie(guest.cookie),
    outcome: 'passes',
  },
  {
    what: '5.3 GET that says nothing and has a session',
    method: 'GET',
    send: ({ cookie }) => withCookie(cookie),
    outcome: 'passes',
  },
  {
    what: '5.3 POST that says nothing and has a session and its token in the header',
    send: ({ cookie, token }) => withCookie(cookie, { 'x-csrf-token': token }),
    outcome: 'passes',
  },
  {
    what: '5.3 PUT that says nothing and has a session and its token in the header',
    method: 'PUT',
    send: ({ cookie, token }) => withCookie(cookie, { 'X-CSRF-Token': token }),
    outcome: 'passes',
  },
  {
    what: '5.3 a form with the token in the field',
    send: ({ cookie, token }) => inField(cookie, form({ _csrf: token, amount: '1' })),
    outcome: 'passes',
  },
  {
    what: '5.3 JSON with the token in the field',
    send: ({ cookie, token }) => inField(cookie, json({ _csrf: token, amount: 1 })),
    outcome: 'passes',
  },
  {
    what: '5.3 a multipart form with the token in the header',
    send: ({ cookie, token }) => ({
      body: multipart('-'),
      headers: { ...MULTIPART, cookie, 'x-csrf-token': token },
    }),
    outcome: 'passes',
  },
  {
    what: '5.3 a multipart form with the token in the field',
    send: ({ cookie, token }) => ({ body: multipart(token), headers: { ...MULTIPART, cookie } }),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: '5.3 a form with an empty field',
    send: ({ cookie }) => inField(cookie, form({ _csrf: '' })),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: '5.3 JSON that is a list',
    send: ({ cookie, token }) => inField(cookie, json([token])),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: '5.3 JSON with a list of tokens',
    send: ({ cookie, token }) => inField(cookie, json({ _csrf: [token] })),
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.3 a form with the field twice',
    send: ({ cookie, token }) => ({
      body: `_csrf=${token}&_csrf=${token}`,
      headers: { ...form({}).headers, cookie },
    }),
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.3 POST with the header twice',
    send: ({ cookie, token }) => withCookie(cookie, { 'x-csrf-token': [token, token] }),
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.3 POST with a wrong token in the header and a right one in the field',
    send: ({ cookie, token }) => {
      const sent = form({ _csrf: token });
      return { ...sent, headers: { ...sent.headers, cookie, 'x-csrf-token': 'wrong' } };
    },
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.6 POST with the token in the query',
    path: '/pages/act?_csrf={token}&x-csrf-token={token}',
    send: ({ cookie }) => withCookie(cookie),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: '5.6 POST with the token of somebody else',
    send: ({ cookie, other }) => withCookie(cookie, { 'x-csrf-token': other.token }),
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.6 POST with the token and the CSRF cookie of somebody else',
    send: ({ session, other }) =>
      withCookie(`sessionid=${session}; csrf=${other.secret}`, { 'x-csrf-token': other.token }),
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.6 POST with the token of a guest in a session of nobody',
    send: ({ session, guest }) =>
      withCookie(`sessionid=${session}; csrf=${guest.secret}`, { 'x-csrf-token': guest.token }),
    outcome: 'passes',
  },
  {
    what: '5.6 POST with the secret itself for a token',
    send: ({ cookie, secret }) => withCookie(cookie, { 'x-csrf-token': secret }),
    outcome: 'CSRF_TOKEN_INVALID',
  },
  {
    what: '5.6 POST without the CSRF cookie',
    send: (me) => withCookie(sessionOf(me), { 'x-csrf-token': me.token }),
    outcome: 'CSRF_COOKIE',
  },
  {
    what: '5.6 POST with a malformed CSRF cookie',
    send: (me) => withCookie(`${sessionOf(me)}; csrf=short`, { 'x-csrf-token': me.token }),
    outcome: 'CSRF_COOKIE',
  },
  {
    what: '5.6 POST with the CSRF cookie twice',
    send: ({ cookie, secret, token }) => withCookie(`${cookie}; csrf=${secret}`, { 'x-csrf-token': token }),
    outcome: 'CSRF_COOKIE',
  },
  {
    what: '5.6 POST with the session cookie twice',
    send: ({ cookie, other, token }) =>
      withCookie(`${cookie}; ${sessionOf(other)}`, { 'x-csrf-token': token }),
    outcome: 'CSRF_COOKIE',
  },
  {
    what: 'requireToken: GET without a token',
    strict: true,
    method: 'GET',
    send: sites('cross-site'),
    outcome: 'passes',
  },
  { what: 'requireToken: POST without anything', strict: true, outcome: 'CSRF_TOKEN_MISSING' },
  {
    what: 'requireToken: POST of this origin without a token',
    strict: true,
    send: ({ cookie }) => from('same-origin', undefined, { cookie }),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: 'requireToken: POST of this origin with its token',
    strict: true,
    send: ({ cookie, token }) => from('same-origin', undefined, { cookie, 'x-csrf-token': token }),
    outcome: 'passes',
  },
  {
    what: 'requireToken: POST with the own Origin and its token',
    strict: true,
    send: ({ own, cookie, token }) => from(undefined, own, { cookie, 'x-csrf-token': token }),
    outcome: 'passes',
  },
  {
    what: 'requireToken: POST from a trusted origin without a token',
    strict: true,
    send: ({ cookie }) => from('cross-site', TRUSTED, { cookie }),
    outcome: 'CSRF_TOKEN_MISSING',
  },
  {
    what: 'requireToken: POST from a trusted origin with its token',
    strict: true,
    send: ({ cookie, token }) => from('cross-site', TRUSTED, { cookie, 'x-csrf-token': token }),
    outcome: 'passes',
  },
  {
    what: 'requireToken: POST from another site with its token',
    strict: true,
    send: ({ cookie, token }) => from('cross-site', undefined, { cookie, 'x-csrf-token': token }),
    outcome: 'CSRF_CROSS_SITE',
  },
  {
    what: '5.8 requireToken: a login form of this origin, of a guest, with its token',
    strict: true,
    path: '/pages/login',
    send: ({ guest }) => {
      const sent = form({ _csrf: guest.token });
      return { ...sent, headers: { ...sent.headers, cookie: guest.cookie, 'sec-fetch-site': 'same-origin' } };
    },
    outcome: 'passes',
  },
  {
    what: '5.8 requireToken: a login form of a guest without a token',
    strict: true,
    path: '/pages/login',
    send: ({ guest }) => from('same-origin', undefined, { cookie: guest.cookie }),
    outcome: 'CSRF_TOKEN_MISSING',
  },
];

describe.each(adapters)('A request on $adapter', ({ make }) => {
  let lenient: Playground;
  let strict: Playground;
  const trustedOrigins = [TRUSTED, 'http://localhost:5173'];

  beforeAll(async () => {
    lenient = await csrfApp({ adapter: make(), csrf: { trustedOrigins } });
    strict = await csrfApp({ adapter: make(), csrf: { trustedOrigins, requireToken: true } });
  });
  afterAll(async () => {
    await lenient.close();
    await strict.close();
  });

  /** Sends what the row says, by a browser that has everything, to the application of the row. */
  async function run({ method, path = '/pages/act', strict: isStrict, send }: Row) {
    const app = isStrict ? strict : lenient;
    // Whoever required a token would refuse the visit that begins a session.
    const begin = isStrict ? await beginWithToken(app) : await holder(app);
    const visitor: Visitor = {
      ...begin,
      own: app.origin,
      other: isStrict ? begin : await holder(app),
      guest: await holder(app, { session: false }),
    };
    const before = begin.session && (await app.stored(begin.session.split('.')[0]!));
    app.watched.take();
    done.count = 0;
    const sent = send?.(visitor) ?? {};
    const answer = await ask(app.origin, path.replaceAll('{token}', visitor.token), { method, ...sent });
    return { app, begin, before, answer };
  }

  async function beginWithToken(app: Playground) {
    const guest = await holder(app, { session: false });
    const headers = { cookie: guest.cookie, 'x-csrf-token': guest.token };
    const { headers: got } = await ask(app.origin, '/set?name=Ada', { headers });
    const session = /sessionid=([^;]+)/.exec(got['set-cookie']!.join())![1]!;
    const cookie = `sessionid=${session}; csrf=${guest.secret}`;
    const { token } = (await ask(app.origin, '/pages/token', { method: 'GET', headers: { cookie } })).json();
    return { ...guest, cookie, session, token };
  }

  it.each([...metadata, ...tokens].filter(({ outcome }) => outcome === 'passes'))(
    '$what passes',
    async (row) => {
      const { answer } = await run(row);
      expect(answer.status).toBeLessThan(300);
    },
  );

  it.each([...metadata, ...tokens].filter(({ outcome }) => outcome !== 'passes'))(
    '$what is refused with 403 and $outcome, and costs the store nothing',
    async (row) => {
      const { app, begin, before, answer } = await run(row);
      expect({ status: answer.status, ...(answer.text ? answer.json() : {}) }).toMatchObject({
        status: 403,
        statusCode: 403,
        error: 'Forbidden',
        errorCode: row.outcome,
        message: expect.stringMatching(/^Expected .+ got .+\.$/),
      });
      expect([app.watched.take(), done.count, answer.headers['set-cookie']]).toEqual([[], 0, undefined]);
      expect(await app.stored(begin.session!.split('.')[0]!)).toEqual(before);
      for (const hidden of [begin.token, begin.secret, begin.session!]) {
        expect(answer.text).not.toContain(hidden);
      }
    },
  );
});

it('The table of decisions has 60 rows and more', () => {
  expect(metadata.length + tokens.length).toBeGreaterThan(60);
});
