import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'nest-sessions';
import { CookieJar } from 'tough-cookie';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';

const APP = 'http://app.example.com/';
const SIBLING = 'http://blog.example.com/';

describe.each(adapters)('A cookie for all subdomains on $adapter', ({ make }) => {
  let ground: Playground;

  async function start(domain = 'example.com'): Promise<void> {
    ground = await playground({ adapter: make(), store: memoryStore(), session: { cookie: { domain } } });
  }
  beforeEach(() => void (ground = undefined as never));
  afterEach(() => ground?.close());

  /** The answer to a browser with this jar that visits the application under another name. */
  async function visit(jar: CookieJar, path: string, host = APP) {
    const cookie = jar.getCookieStringSync(host);
    const answer = await ground.browser().post(path, { headers: cookie ? { cookie } : {} });
    for (const line of answer.setCookies) jar.setCookieSync(line, host);
    return answer;
  }

  const jarOf = (...cookies: { line: string; from: string }[]) => {
    const jar = new CookieJar();
    for (const { line, from } of cookies) jar.setCookieSync(line, from);
    return jar;
  };

  it.each(['example.com', '.example.com'])('brings the session to every host under %s', async (domain) => {
    await start(domain);
    const jar = new CookieJar();
    await visit(jar, '/set?name=Ada');
    for (const host of [APP, SIBLING, 'http://example.com/', 'http://a.b.example.com/']) {
      expect((await visit(jar, '/read', host)).json()).toEqual({ name: 'Ada' });
    }
    expect((await visit(jar, '/read', 'http://example.org/')).json()).toEqual({});
  });

  it.each(['example.com', '.example.com'])(
    'is deleted on all of them by any of them (%s)',
    async (domain) => {
      await start(domain);
      const jar = new CookieJar();
      await visit(jar, '/set?name=Ada');
      await visit(jar, '/flush', SIBLING);
      expect(jar.getCookieStringSync(APP)).toBe('');
    },
  );

  /** The token of a new session. */
  async function tokenOf(name: string): Promise<string> {
    const jar = new CookieJar();
    await visit(jar, `/set?name=${name}`);
    return jar.getCookiesSync(APP)[0]!.value;
  }

  it.each([
    { path: '/', first: 'the one of the host' },
    { path: '/', first: 'the one of the domain' },
    { path: '/read', first: 'the one of the host' },
    { path: '/read', first: 'the one of the domain' },
  ])('is no session beside one of our name for the host alone ($first first, $path)', async (row) => {
    await start();
    const host = { line: `sessionid=${await tokenOf('Ada')}; Path=${row.path}`, from: APP };
    const parent = { line: `sessionid=${await tokenOf('Mallory')}; Domain=example.com`, from: SIBLING };
    const cookies = row.first === 'the one of the host' ? [host, parent] : [parent, host];
    // Either would be one by itself.
    for (const [cookie, name] of [
      [host, 'Ada'],
      [parent, 'Mallory'],
    ] as const) {
      const sent = jarOf(cookie).getCookieStringSync(`${APP}read`);
      expect((await ground.browser().post('/read', { headers: { cookie: sent } })).json()).toEqual({ name });
    }
    ground.watched.take();
    ground.events.length = 0;
    const cookie = jarOf(...cookies).getCookieStringSync(`${APP}read`);
    expect(cookie.split('; ')).toHaveLength(2);
    const answer = await ground.browser().post('/read', { headers: { cookie } });
    expect(answer.json()).toEqual({});
    expect(ground.watched.take()).toEqual([]);
    expect(ground.events).toEqual([{ type: 'duplicate-cookie', count: 2, ip: '127.0.0.1' }]);
    expect(answer.setCookies).toEqual([
      expect.stringMatching(/^sessionid=; Max-Age=0; Domain=example\.com;/),
    ]);
  });
});
