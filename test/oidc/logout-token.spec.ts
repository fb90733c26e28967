import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { base64url, exportJWK, generateKeyPair, UnsecuredJWT, type JWK } from 'jose';
import type { OidcErrorCode, OidcLogoutModuleOptions } from 'nest-sessions/oidc';
import { memoryStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { oidcApp, type OidcApp } from './oidc.app.js';
import { CLIENT, EVENT, ISSUER, JWKS, type TokenChanges } from './provider.js';

const stranger = await generateKeyPair('ES256');

/** A token that is right but for one thing. Times are in seconds from now. */
interface Broken {
  readonly what: string;
  readonly errorCode: OidcErrorCode;
  readonly change?: TokenChanges;
  readonly times?: { readonly iat?: number; readonly exp?: number; readonly nbf?: number };
  readonly make?: (app: OidcApp) => Promise<string> | string;
}

const claims = (changed: Record<string, unknown>): TokenChanges => ({ claims: changed });
const header = (changed: Record<string, unknown>): TokenChanges => ({ header: changed });

const BROKEN: readonly Broken[] = [
  {
    what: 'is not signed',
    errorCode: 'OIDC_ALGORITHM',
    make: async (app) => {
      const [head, body] = (await app.token()).split('.');
      const none = { ...JSON.parse(Buffer.from(head!, 'base64url').toString()), alg: 'none' };
      return `${base64url.encode(JSON.stringify(none))}.${body}.`;
    },
  },
  {
    what: 'is a JWT without a signature',
    errorCode: 'OIDC_ALGORITHM',
    make: () => new UnsecuredJWT({ iss: ISSUER, aud: CLIENT, sub: 'ada' }).encode(),
  },
  {
    what: 'is signed with the public key as if that were a secret',
    errorCode: 'OIDC_ALGORITHM',
    change: { header: { alg: 'HS256' }, key: new TextEncoder().encode(JSON.stringify(JWKS.keys[0])) },
  },
  {
    what: 'is signed by somebody else',
    errorCode: 'OIDC_SIGNATURE',
    change: { key: stranger.privateKey },
  },
  {
    what: 'names a key that the provider does not have',
    errorCode: 'OIDC_SIGNATURE',
    change: { header: { kid: 'unknown' }, key: stranger.privateKey },
  },
  {
    what: 'brings its own key',
    errorCode: 'OIDC_SIGNATURE',
    make: async (app) =>
      app.token({ key: stranger.privateKey, header: { jwk: await exportJWK(stranger.publicKey) } }),
  },
  {
    what: 'says where its own keys are',
    errorCode: 'OIDC_SIGNATURE',
    change: { key: stranger.privateKey, header: { jku: 'http://127.0.0.1:1/jwks', kid: undefined } },
  },
  {
    what: 'was changed on its way',
    errorCode: 'OIDC_SIGNATURE',
    make: async (app) => {
      const [head, body, signature] = (await app.token()).split('.');
      const changed = { ...JSON.parse(Buffer.from(body!, 'base64url').toString()), sub: 'bob' };
      return `${head}.${base64url.encode(JSON.stringify(changed))}.${signature}`;
    },
  },
  {
    what: 'has to be understood in a way that nobody knows',
    errorCode: 'OIDC_TOKEN',
    change: header({ crit: ['exotic'], exotic: true }),
  },
  { what: 'is no token', errorCode: 'OIDC_TOKEN', make: () => 'logout' },
  { what: 'is no token in three parts', errorCode: 'OIDC_TOKEN', make: () => 'a.b.c' },
  { what: 'is of another issuer', errorCode: 'OIDC_ISSUER', change: claims({ iss: 'https://evil.example' }) },
  {
    what: 'is of an issuer with a slash more',
    errorCode: 'OIDC_ISSUER',
    change: claims({ iss: `${ISSUER}/` }),
  },
  { what: 'is of no issuer', errorCode: 'OIDC_ISSUER', change: claims({ iss: undefined }) },
  { what: 'is for another client', errorCode: 'OIDC_AUDIENCE', change: claims({ aud: 'bank' }) },
  { what: 'is for other clients', errorCode: 'OIDC_AUDIENCE', change: claims({ aud: ['bank', 'shop2'] }) },
  { what: 'is for nobody', errorCode: 'OIDC_AUDIENCE', change: claims({ aud: undefined }) },
  { what: 'does not say when it was issued', errorCode: 'OIDC_TIME', change: claims({ iat: undefined }) },
  { what: 'was issued at no time', errorCode: 'OIDC_TIME', change: claims({ iat: 'today' }) },
  { what: 'is from the future', errorCode: 'OIDC_TIME', times: { iat: 31, exp: 60 } },
  { what: 'is not valid yet', errorCode: 'OIDC_TIME', times: { nbf: 31 } },
  { what: 'is from long ago', errorCode: 'OIDC_TIME', times: { iat: -151, exp: -31 } },
  { what: 'has expired', errorCode: 'OIDC_TIME', times: { iat: -60, exp: -31 } },
  { what: 'does not say when it expires', errorCode: 'OIDC_TIME', change: claims({ exp: undefined }) },
  { what: 'expires at no time', errorCode: 'OIDC_TIME', change: claims({ exp: 'never' }) },
  { what: 'is valid for more than two minutes', errorCode: 'OIDC_TIME', times: { exp: 121 } },
  { what: 'does not say what it is', errorCode: 'OIDC_TYPE', change: header({ typ: undefined }) },
  { what: 'says that it is some JWT', errorCode: 'OIDC_TYPE', change: header({ typ: 'JWT' }) },
  { what: 'is an access token', errorCode: 'OIDC_TYPE', change: header({ typ: 'at+jwt' }) },
  { what: 'is about no event', errorCode: 'OIDC_EVENT', change: claims({ events: undefined }) },
  {
    what: 'is about another event',
    errorCode: 'OIDC_EVENT',
    change: claims({ events: { 'http://other': {} } }),
  },
  { what: 'has its event as a list', errorCode: 'OIDC_EVENT', change: claims({ events: [EVENT] }) },
  {
    what: 'has an event that is no object',
    errorCode: 'OIDC_EVENT',
    change: claims({ events: { [EVENT]: true } }),
  },
  {
    what: 'has an event that is a list',
    errorCode: 'OIDC_EVENT',
    change: claims({ events: { [EVENT]: [] } }),
  },
  { what: 'has a nonce, as an ID token', errorCode: 'OIDC_NONCE', change: claims({ nonce: 'n-0S6' }) },
  { what: 'has a nonce that is nothing', errorCode: 'OIDC_NONCE', change: claims({ nonce: null }) },
  { what: 'names nobody', errorCode: 'OIDC_SUBJECT', change: claims({ sub: undefined }) },
  { what: 'names an empty user', errorCode: 'OIDC_SUBJECT', change: claims({ sub: '' }) },
  { what: 'names a user that is no text', errorCode: 'OIDC_SUBJECT', change: claims({ sub: { $ne: 1 } }) },
  { what: 'names a login that is no text', errorCode: 'OIDC_SUBJECT', change: claims({ sid: 7 }) },
  { what: 'has no id', errorCode: 'OIDC_TOKEN', change: claims({ jti: undefined }) },
  { what: 'has an id that is no text', errorCode: 'OIDC_TOKEN', change: claims({ jti: 7 }) },
];

describe.each(adapters)('A logout token on $adapter', ({ make }) => {
  let app: OidcApp;
  let ada: Browser;

  async function open(oidc?: Partial<OidcLogoutModuleOptions>): Promise<void> {
    app = await oidcApp({ adapter: make(), store: memoryStore() }, oidc);
    ada = await app.loggedIn({ sid: 'laptop' });
  }
  afterEach(() => app.close());

  const inSeconds = (times: Broken['times'] = {}) => {
    const now = Math.floor(app.clock.now() / 1000);
    return Object.fromEntries(Object.entries(times).map(([name, offset]) => [name, now + offset]));
  };

  describe('as it should be', () => {
    beforeEach(() => open());

    it.each([
      { what: 'names the user', change: claims({}) },
      { what: 'names the login', change: claims({ sub: undefined, sid: 'laptop' }) },
      { what: 'names both', change: claims({ sid: 'laptop' }) },
      { what: 'is for several clients', change: claims({ aud: ['bank', CLIENT] }) },
      { what: 'has more to say', change: claims({ extra: 1, events: { [EVENT]: { extra: 1 }, other: {} } }) },
      { what: 'has its type in full', change: header({ typ: 'application/Logout+JWT' }) },
      { what: 'does not name its key', change: header({ kid: undefined }) },
    ])('ends sessions: $what', async ({ change }) => {
      const visit = await app.logout(change);
      expect([visit.status, visit.text, visit.headers.get('cache-control')]).toEqual([200, '', 'no-store']);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it.each([
      { when: 'is a little ahead of our clock', times: { iat: 29, exp: 120 } },
      { when: 'has just expired by our clock', times: { iat: -149, exp: -29 } },
    ])('is taken when it $when', async ({ times }) => {
      expect((await app.logout({ claims: inSeconds(times) })).status).toBe(200);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it('may find nothing to end', async () => {
      const nobody = { sub: 'nobody' };
      expect((await app.logout({ claims: nobody })).status).toBe(200);
      expect((await app.logout({ claims: { ...nobody, sid: 'nothing' } })).status).toBe(200);
      expect(await app.isLoggedIn(ada)).toBe(true);
      expect(app.told).toEqual([
        { type: 'backchannel-logout', iss: ISSUER, sub: 'nobody', count: 0 },
        { type: 'backchannel-logout', iss: ISSUER, sub: 'nobody', sid: 'nothing', count: 0 },
      ]);
    });
  });

  describe('that is wrong', () => {
    beforeEach(() => open());

    it.each(BROKEN)(
      '8.5 is refused, and ends nothing: it $what',
      async ({ errorCode, change = {}, times, make: tokenOf }) => {
        const token = tokenOf
          ? await tokenOf(app)
          : await app.token({ ...change, claims: { ...change.claims, ...inSeconds(times) } });
        const visit = await app.post({ logout_token: token });
        expect([visit.status, visit.headers.get('cache-control')]).toEqual([400, 'no-store']);
        expect(visit.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
        expect(app.told).toEqual([
          { type: 'refused', errorCode, message: visit.json().error_description, ip: '127.0.0.1' },
        ]);
        expect(await app.isLoggedIn(ada)).toBe(true);
      },
    );

    it('is not repeated in what is answered, told and logged', async () => {
      const secret = randomBytes(8).toString('hex');
      const token = await app.token({ claims: { iss: secret, jti: secret }, header: { typ: secret } });
      const visit = await app.post({ logout_token: token });
      const all = JSON.stringify([visit.text, app.told, app.log]);
      expect(all).toContain('OIDC_ISSUER');
      expect(all).not.toContain(secret);
      expect(all).not.toContain(token.split('.')[1]);
    });
  });

  describe('Forced logout DoS', () => {
    beforeEach(() => open());

    it('8.5 is impossible with a token that has come before, as long as it would be valid', async () => {
      const token = await app.token();
      expect((await app.post({ logout_token: token })).status).toBe(200);
      ada = await app.loggedIn({ iat: Math.floor(app.clock.now() / 1000) + 1 });
      app.clock.advance(149);
      const visit = await app.post({ logout_token: token });
      expect(visit.status).toBe(400);
      expect(app.told.at(-1)).toMatchObject({ type: 'refused', errorCode: 'OIDC_REPLAY' });
      app.clock.advance(60);
      expect((await app.post({ logout_token: token })).status).toBe(400);
      expect(await app.isLoggedIn(ada)).toBe(true);
    });

    it('is impossible with a token that is forged, and by a page that makes browsers fetch the address', async () => {
      await app.post({ logout_token: await app.token({ key: stranger.privateKey }) });
      expect((await ada.get('/session/backchannel-logout')).status).toBe(405);
      expect((await ada.post('/session/backchannel-logout')).status).toBe(415);
      expect(await app.isLoggedIn(ada)).toBe(true);
    });

    it('is impossible for who owns another client of the provider', async () => {
      await app.logout({ claims: { aud: 'bank' } });
      expect(await app.isLoggedIn(ada)).toBe(true);
    });
  });

  describe('of a provider from before types', () => {
    beforeEach(() => open({ acceptUntyped: true }));

    it.each([undefined, 'JWT', 'jwt', 'logout+jwt'])('is taken with acceptUntyped: typ %s', async (typ) => {
      expect((await app.logout({ header: { typ } })).status).toBe(200);
      expect(await app.isLoggedIn(ada)).toBe(false);
    });

    it.each(['at+jwt', 'id_token', ''])(
      'is refused all the same when it is another type: %s',
      async (typ) => {
        expect((await app.logout({ header: { typ } })).status).toBe(400);
        expect(await app.isLoggedIn(ada)).toBe(true);
      },
    );
  });

  it('may be valid for longer with maxTokenAge, and no longer than that', async () => {
    await open({ maxTokenAge: '5m' });
    expect((await app.logout({ claims: inSeconds({ exp: 301 }) })).status).toBe(400);
    expect((await app.logout({ claims: inSeconds({ exp: 300 }) })).status).toBe(200);
  });

  it('is verified with each key that it may be signed with when it names none', async () => {
    const others = await Promise.all(
      [stranger, await generateKeyPair('ES256')].map(({ publicKey }) => exportJWK(publicKey)),
    );
    const keys: JWK[] = [...others, { ...JWKS.keys[0]!, kid: undefined }] as JWK[];
    await open({ jwks: { keys } });
    const unnamed = { kid: undefined };
    expect((await app.logout({ header: unnamed })).status).toBe(200);
    const { privateKey } = await generateKeyPair('ES256');
    expect((await app.logout({ header: unnamed, key: privateKey })).status).toBe(400);
    expect((await app.logout({ header: unnamed, claims: { aud: 'bank' } })).status).toBe(400);
    expect(app.told.map((event) => (event.type === 'refused' ? event.errorCode : event.type))).toEqual([
      'backchannel-logout',
      'OIDC_SIGNATURE',
      'OIDC_AUDIENCE',
    ]);
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('may be signed with %s', async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    await open({ jwks: { keys: [await exportJWK(publicKey)] } });
    expect((await app.logout({ header: { alg, kid: undefined }, key: privateKey })).status).toBe(200);
    expect(await app.isLoggedIn(ada)).toBe(false);
  });
});
