import { afterEach, describe, expect, it } from '@jest/globals';
import { cookieStore } from 'nest-sessions';
import type { CsrfModuleOptions } from 'nest-sessions/csrf';
import { issueToken, isMacOf, mintSecret, parseSecret, unmaskToken } from '../../lib/csrf/csrf-token.js';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { idOf, type Playground } from '../support/playground.js';
import { ask, csrfApp, holder } from './csrf.app.js';

const KEY = Buffer.alloc(32, 7).toString('base64url');

/** What a browser that tells nothing about itself is answered. */
async function codeOf(browser: Browser, token: string, path = '/pages/act'): Promise<string> {
  const visit = await browser.post(path, { headers: { 'x-csrf-token': token } });
  return visit.status === 403 ? visit.json().errorCode : 'passes';
}

async function tokenOf(browser: Browser): Promise<string> {
  return (await browser.get('/pages/token')).json().token;
}

/** Every character of the text replaced in turn by each of a few others. */
function* mutationsOf(text: string): Generator<string> {
  for (let index = 0; index < text.length; index++) {
    for (const other of 'AQgw_-B1') {
      if (other !== text[index]) {
        yield text.slice(0, index) + other + text.slice(index + 1);
      }
    }
  }
}

describe('A token', () => {
  const secret = mintSecret();
  const isGood = (token: string, id?: string) => {
    const mac = unmaskToken(token);
    return mac !== undefined && isMacOf(mac, secret, id);
  };

  it('5.6 is bound to the session that it was made for, or to none', () => {
    expect(isGood(issueToken(secret, 'a'), 'a')).toBe(true);
    expect(isGood(issueToken(secret), '')).toBe(true);
    expect(isGood(issueToken(secret, 'a'), 'b')).toBe(false);
    expect(isGood(issueToken(secret, 'a'))).toBe(false);
    expect(isGood(issueToken(mintSecret(), 'a'), 'a')).toBe(false);
  });

  it('5.6 has no byte in common with the others of its session, beyond chance', () => {
    const tokens = Array.from({ length: 200 }, () => Buffer.from(issueToken(secret, 'a'), 'base64url'));
    expect(new Set(tokens.map(String)).size).toBe(200);
    for (let index = 0; index < 64; index++) {
      expect(new Set(tokens.map((bytes) => bytes[index])).size).toBeGreaterThan(80);
    }
    expect(
      new Set(tokens.map((bytes) => unmaskToken(bytes.toString('base64url'))!.toString('hex'))).size,
    ).toBe(1);
  });

  it('5.6 is refused when any of its characters is changed', () => {
    const token = issueToken(secret, 'a');
    const mutations = [...mutationsOf(token)];
    expect(mutations.length).toBeGreaterThan(86 * 7 - 1);
    expect(mutations.filter((mutation) => isGood(mutation, 'a'))).toEqual([]);
  });

  it.each([
    { what: 'nothing', change: () => '' },
    { what: 'one character less', change: (token: string) => token.slice(1) },
    { what: 'one character more', change: (token: string) => `${token}A` },
    { what: 'padding', change: (token: string) => `${token}==` },
    { what: 'blanks', change: (token: string) => ` ${token.slice(1)}` },
    {
      what: 'the other alphabet',
      change: (token: string) => token.replaceAll('-', '+').replaceAll('_', '/'),
    },
    { what: 'characters of two bytes', change: (token: string) => `é${token.slice(1)}` },
  ])('5.6 is none with $what', ({ change }) => {
    let token = issueToken(secret, 'a');
    while (!/[-_]/.test(token)) token = issueToken(secret, 'a');
    expect(unmaskToken(change(token))).toBeUndefined();
  });
});

describe('A secret', () => {
  it('has 256 bits and one spelling', () => {
    const text = mintSecret().toString('base64url');
    expect(parseSecret(text)).toHaveLength(32);
    expect([text.slice(1), `${text}A`, `${text}=`, '', `+${text.slice(1)}`].map(parseSecret)).toEqual(
      Array(5).fill(undefined),
    );
    const last = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    expect(last.filter((one) => parseSecret(text.slice(0, -1) + one)).length).toBe(16);
  });
});

describe.each(adapters)('Tokens on $adapter', ({ make }) => {
  let app: Playground;
  afterEach(() => app.close());

  const start = async (csrf?: CsrfModuleOptions, rest: Partial<Parameters<typeof csrfApp>[0]> = {}) =>
    (app = await csrfApp({ adapter: make(), csrf, ...rest }));

  it('5.6 look different in every response, and are all good', async () => {
    await start();
    const browser = await app.visitor();
    const tokens = [await tokenOf(browser), await tokenOf(browser), await tokenOf(browser)];
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) {
      expect(await codeOf(browser, token)).toBe('passes');
    }
  });

  it('5.6 are checked without any operation of the store', async () => {
    await start();
    const me = await holder(app);
    const { status } = await ask(app.origin, '/pages/act', {
      headers: { cookie: me.cookie, 'x-csrf-token': me.token },
    });
    expect([status < 300, app.watched.take()]).toEqual([true, []]);
  });

  it('5.6 are refused when one character is changed, in token or cookie, without any operation of the store', async () => {
    await start();
    const { session, secret, token } = await holder(app);
    const send = (csrf: string, header: string) =>
      ask(app.origin, '/pages/act', {
        headers: { cookie: `sessionid=${session}; csrf=${csrf}`, 'x-csrf-token': header },
      });
    const flip = (text: string, index: number) =>
      text.slice(0, index) + (text[index] === 'x' ? 'y' : 'x') + text.slice(index + 1);
    const codes = new Set<string>();
    for (let index = 0; index < token.length; index++) {
      codes.add((await send(secret, flip(token, index))).json().errorCode);
    }
    expect([...codes]).toEqual(['CSRF_TOKEN_INVALID']);
    for (let index = 0; index < secret.length - 1; index++) {
      codes.add((await send(flip(secret, index), token)).json().errorCode);
    }
    expect([...codes]).toEqual(['CSRF_TOKEN_INVALID']);
    expect(app.watched.take()).toEqual([]);
    expect((await send(secret, token)).status).toBeLessThan(300);
  });

  it('5.6 die with a login, and the new ones live', async () => {
    await start();
    const browser = await app.visitor();
    const old = await tokenOf(browser);
    const login = await browser.post('/pages/login', { headers: { 'x-csrf-token': old } });
    const fresh = login.json().token;
    expect(await codeOf(browser, old)).toBe('CSRF_TOKEN_INVALID');
    expect(await codeOf(browser, fresh)).toBe('passes');
    expect(await codeOf(browser, await tokenOf(browser))).toBe('passes');
  });

  it('5.6 of a guest die with a login', async () => {
    await start();
    const browser = app.browser();
    const old = await tokenOf(browser);
    await browser.post('/pages/login');
    expect(await codeOf(browser, old)).toBe('CSRF_TOKEN_INVALID');
  });

  it('die with regenerate() and with logout', async () => {
    await start();
    const browser = await app.visitor();
    const first = await tokenOf(browser);
    await browser.post('/regenerate', { headers: { 'x-csrf-token': first } });
    expect(await codeOf(browser, first)).toBe('CSRF_TOKEN_INVALID');
    const second = await tokenOf(browser);
    await browser.post('/flush', { headers: { 'x-csrf-token': second } });
    await browser.post('/set?name=Bob');
    expect(await codeOf(browser, second)).toBe('CSRF_TOKEN_INVALID');
  });

  it('of a form that is older than the session are good while nobody is logged in, for one load', async () => {
    await start();
    const browser = app.browser();
    const older = await tokenOf(browser);
    await browser.post('/set?name=Ada');
    app.watched.take();
    expect(await codeOf(browser, older)).toBe('passes');
    expect(app.watched.take()).toEqual(['load']);
  });

  it('of a page that began the session itself are good', async () => {
    await start();
    app.on('begin-with-token', (session) => void session.set('name', 'Ada'));
    const browser = app.browser();
    await browser.post('/begin-with-token');
    const token = await tokenOf(browser);
    expect(await codeOf(browser, token)).toBe('passes');
  });

  it('of a session that has expired meanwhile do not stand in the way', async () => {
    await start();
    const browser = await app.visitor();
    const token = await tokenOf(browser);
    await app.real.destroy(idOf(browser));
    expect(await codeOf(browser, token)).toBe('passes');
  });

  it('are given to a browser whose session has expired', async () => {
    await start();
    const browser = await app.visitor();
    await app.real.destroy(idOf(browser));
    const token = await tokenOf(browser);
    expect(browser.cookie()).toBeUndefined();
    await browser.post('/set?name=Ada');
    expect(await codeOf(browser, token)).toBe('passes');
  });

  it('are bound to a session that travels in the cookie', async () => {
    await start({}, { store: cookieStore({ keys: [KEY] }) });
    const [browser, other] = [await app.visitor(), await app.visitor()];
    const token = await tokenOf(browser);
    expect(await codeOf(browser, token)).toBe('passes');
    const { secret } = await holder(app);
    expect(await codeOf(browser, issueToken(parseSecret(browser.cookie('csrf')!)!, 'other'))).toBe(
      'CSRF_TOKEN_INVALID',
    );
    expect(await codeOf(browser, issueToken(parseSecret(secret)!))).toBe('CSRF_TOKEN_INVALID');
    expect(await codeOf(other, token)).toBe('CSRF_COOKIE');
    await browser.post('/pages/login', { headers: { 'x-csrf-token': token } });
    expect(await codeOf(browser, token)).toBe('CSRF_TOKEN_INVALID');
    expect(await codeOf(browser, await tokenOf(browser))).toBe('passes');
  });

  it('are good for a session that travels in a header, where they are required', async () => {
    await start({ requireToken: true }, { session: { transport: 'header' } });
    const guest = await holder(app, { session: false });
    const begun = await ask(app.origin, '/set?name=Ada', {
      headers: { cookie: guest.cookie, 'x-csrf-token': guest.token },
    });
    const headers = { cookie: guest.cookie, 'x-session-token': begun.headers['x-session-token'] };
    const page = await ask(app.origin, '/pages/token', { method: 'GET', headers });
    expect(page.headers.vary).toBe('X-Session-Token, Cookie');
    const { token } = page.json();
    const send = (csrf: string) =>
      ask(app.origin, '/pages/act', { headers: { ...headers, 'x-csrf-token': csrf } });
    expect((await send(token)).status).toBeLessThan(300);
    expect((await send(issueToken(parseSecret(guest.secret)!, 'other'))).status).toBe(403);
  });

  it('of a session in a header are not asked for: no other site can send it', async () => {
    await start({}, { session: { transport: 'header' } });
    const begun = await ask(app.origin, '/set?name=Ada');
    const headers = { 'x-session-token': begun.headers['x-session-token'] };
    expect((await ask(app.origin, '/pages/act', { headers })).status).toBeLessThan(300);
  });

  it('can be given in a response to a POST', async () => {
    await start();
    const browser = await app.visitor();
    const again = await browser.post('/pages/again', { headers: { 'sec-fetch-site': 'same-origin' } });
    expect(await codeOf(browser, again.json().token)).toBe('passes');
  });
});
