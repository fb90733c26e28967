import { Controller, Get, Post, Query } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  cookieStore,
  MemoryStore,
  Session,
  SessionService,
  type CookieStore,
  type SessionEvent,
  type SessionModuleOptions,
  type SessionRecord,
} from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { Clock } from '../support/clock.js';
import { serve, type Served } from '../support/serve.js';

const key = () => randomBytes(32).toString('base64url');
const KEY = key();

const bytesOf = (token: string) =>
  Buffer.concat(
    token.split('.').map((part) => Buffer.concat([Buffer.from(part, 'base64url'), Buffer.from('.')])),
  );

/** A handler that waits where the test says so. */
let meeting: Barrier | undefined;

@Controller()
class CookieController {
  constructor(private readonly sessions: SessionService) {}

  @Get('unused') unused() {
    return 'no session here';
  }

  @Get('read') async read(@Session() session: Session) {
    await meeting?.wait();
    return session.toJSON();
  }

  @Post('set') async set(@Session() session: Session, @Query() values: Record<string, string>) {
    await meeting?.wait();
    session.update(values);
  }

  @Post('expire') expire(@Session() session: Session, @Query('seconds') seconds: string) {
    session.setExpiry(Number(seconds));
  }

  @Post('flush') flush(@Session() session: Session) {
    return session.flush();
  }

  @Post('regenerate') regenerate(@Session() session: Session) {
    return session.regenerate();
  }

  @Post('grow') grow(@Session() session: Session, @Query('bytes') bytes: string) {
    session.set('small', 1);
    session.set('big', 'x'.repeat(Number(bytes)));
  }

  @Post('revoke') async revoke(@Query('id') id: string) {
    return { revoked: await this.sessions.revoke(id) };
  }

  @Get('id') id(@Session() session: Session) {
    return { id: session.id };
  }
}

describe.each(adapters)('The cookie store on $adapter', ({ make }) => {
  let served: Served;
  let clock: Clock;
  let events: SessionEvent[];
  let browser: Browser;

  async function start(
    store: SessionModuleOptions['store'],
    options: SessionModuleOptions = {},
  ): Promise<void> {
    meeting = undefined;
    clock = new Clock();
    served = await serve({
      adapter: make(),
      controllers: [CookieController],
      session: { store, now: clock.now, ...options },
    });
    events = [];
    served.sessions.events.subscribe((event) => events.push(event));
    browser = served.browser();
  }

  const withToken = (token: string) => ({ headers: { cookie: `sessionid=${token}` } });

  afterEach(() => served.close());

  describe('by itself', () => {
    beforeEach(() => start(cookieStore({ keys: [KEY] })));

    it('keeps the data with the client, who cannot read it', async () => {
      await browser.post('/set?name=Ada+Lovelace');
      expect((await browser.get('/read')).json()).toEqual({ name: 'Ada Lovelace' });
      const parts = browser
        .cookie()!
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString());
      expect(parts).toHaveLength(5);
      expect(parts.slice(1).join()).not.toContain('Lovelace');
    });

    it('gives no cookie to a request that leaves the session alone, or only reads', async () => {
      expect((await browser.get('/unused')).setCookies).toEqual([]);
      expect((await browser.get('/read')).setCookies).toEqual([]);
      await browser.post('/set?name=Ada');
      expect((await browser.get('/unused')).setCookies).toEqual([]);
      expect((await browser.get('/read')).setCookies).toEqual([]);
      expect((await browser.post('/set?name=Ada')).setCookies).toEqual([]);
    });

    it('6.1 takes a cookie that was changed in any byte for no session, and says so in an event', async () => {
      await browser.post('/set?name=Ada');
      const token = browser.cookie()!;
      const step = Math.ceil(token.length / 60);
      for (let index = 0; index < token.length; index += step) {
        const changed = token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1);
        events.length = 0;
        const visit = await served.browser().get('/read', withToken(changed));
        // The last character of a part may carry bits that mean nothing.
        if (bytesOf(changed).equals(bytesOf(token))) {
          continue;
        }
        expect([visit.status, visit.json()]).toEqual([200, {}]);
        expect(events).toEqual([{ type: 'unknown-token', ip: '127.0.0.1' }]);
        expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      }
    });

    it.each([
      ['an empty cookie', ''],
      ['another text', 'nonsense'],
      ['three parts', 'a.b.c'],
      ['five parts', 'a.b.c.d.e'],
      ['the algorithm none', 'eyJhbGciOiJub25lIn0..'],
      ['an over-long cookie', 'x'.repeat(6000)],
    ])('takes %s for no session', async (_, token) => {
      const visit = await browser.get('/read', withToken(token));
      expect([visit.status, visit.json()]).toEqual([200, {}]);
    });

    it('2.5, 6.2 enforces the expiry of the module, and that of the session, whatever the client keeps', async () => {
      await browser.post('/set?name=Ada');
      const token = browser.cookie()!;
      await browser.post('/expire?seconds=60');
      const short = browser.cookie()!;
      clock.advance(59);
      expect((await served.browser().get('/read', withToken(short))).json()).toEqual({ name: 'Ada' });
      clock.advance(1);
      expect((await served.browser().get('/read', withToken(short))).json()).toEqual({});
      clock.advance(14 * 24 * 3600);
      expect((await served.browser().get('/read', withToken(token))).json()).toEqual({});
    });

    it('moves the expiry with use, and never beyond the absolute timeout', async () => {
      await browser.post('/set?name=Ada');
      let token = browser.cookie()!;
      for (const day of [10, 20, 29]) {
        clock.advance((day === 29 ? 9 : 10) * 24 * 3600);
        const visit = await served.browser().get('/read', withToken(token));
        expect(visit.json()).toEqual({ name: 'Ada' });
        token = /sessionid=([^;]+)/.exec(visit.setCookies[0]!)![1]!;
      }
      clock.advance(24 * 3600);
      expect((await served.browser().get('/read', withToken(token))).json()).toEqual({});
    });

    it('4.7 refuses data beyond what a cookie holds, names the biggest key and keeps what there was', async () => {
      await browser.post('/set?name=Ada');
      const kept = browser.cookie();
      const visit = await browser.post('/grow?bytes=3000');
      expect([visit.status, visit.setCookies]).toEqual([500, []]);
      expect(served.log.join('\n')).toMatch(/Biggest keys: "big" \(3010 bytes\)/);
      expect(browser.cookie()).toBe(kept);
    });

    it('4.7 holds more than two and a half kilobytes in a cookie of 4096 bytes', async () => {
      const visit = await browser.post('/grow?bytes=2600');
      expect(visit.status).toBe(201);
      const [pair] = visit.setCookies[0]!.split(';');
      expect(pair!.length).toBeLessThanOrEqual(4096);
    });

    it('clears the cookie with flush(), and gives another id with regenerate()', async () => {
      await browser.post('/set?name=Ada');
      const { id } = (await browser.get('/id')).json();
      await browser.post('/regenerate');
      const after = (await browser.get('/id')).json();
      expect(after.id).not.toBe(id);
      expect((await browser.get('/read')).json()).toEqual({ name: 'Ada' });
      await browser.post('/flush');
      expect(browser.cookie()).toBeUndefined();
    });

    it('2.17 says at boot what it cannot promise, and refuses to revoke', async () => {
      expect(served.log.join('\n')).toMatch(/kept by cookie: .*overwrite each other.*logout is NOT final/);
      await expect(served.sessions.revoke('0'.repeat(32))).rejects.toThrow(/"cookie" cannot end a session/);
      await expect(served.sessions.create({ a: 1 })).rejects.toThrow(/"cookie" cannot keep a session/);
    });
  });

  it('lets clients read, but not change, what is only signed', async () => {
    await start(cookieStore({ keys: [KEY], mode: 'signed' }));
    await browser.post('/set?name=Ada');
    const [, payload] = browser.cookie()!.split('.');
    expect(Buffer.from(payload!, 'base64url').toString()).toContain('{"name":"Ada"}');
    const forged = Buffer.from(Buffer.from(payload!, 'base64url').toString().replace('Ada', 'Eve')).toString(
      'base64url',
    );
    const token = browser.cookie()!.replace(payload!, forged);
    expect((await served.browser().get('/read', withToken(token))).json()).toEqual({});
  });

  it('6.3 opens with previous keys, seals anew with the current one on the next write, and forgets removed keys', async () => {
    await start(cookieStore({ keys: [KEY] }));
    await browser.post('/set?name=Ada');
    const old = browser.cookie()!;
    await served.close();
    const current = key();
    await start(cookieStore({ keys: [current, KEY] }));
    const visit = await served.browser().get('/read', withToken(old));
    expect([visit.json(), visit.setCookies]).toEqual([{ name: 'Ada' }, []]);
    const written = await served.browser().post('/set?more=1', withToken(old));
    const renewed = /sessionid=([^;]+)/.exec(written.setCookies[0]!)![1]!;
    await served.close();
    await start(cookieStore({ keys: [current] }));
    expect((await served.browser().get('/read', withToken(renewed))).json()).toEqual({
      name: 'Ada',
      more: '1',
    });
    expect((await served.browser().get('/read', withToken(old))).json()).toEqual({});
  });

  it('6.1 does not take what was sealed in another mode', async () => {
    await start(cookieStore({ keys: [KEY], mode: 'signed' }));
    await browser.post('/set?name=Ada');
    const signed = browser.cookie()!;
    await served.close();
    await start(cookieStore({ keys: [KEY] }));
    expect((await served.browser().get('/read', withToken(signed))).json()).toEqual({});
  });

  it('refuses to save where the client can no longer be given what is saved', async () => {
    await start(cookieStore({ keys: [KEY] }));
    await browser.post('/set?name=Ada');
    const job = served.sessions.run(browser.cookie()!, async () => {
      const session = await served.sessions.current<Record<string, unknown>>();
      expect(session.get('name')).toBe('Ada');
      session.set('name', 'Grace');
    });
    await expect(job).rejects.toThrow(/travels with its client cannot be saved/);
    clock.advance(3600);
    await served.sessions.run(browser.cookie()!, async () => {
      expect((await served.sessions.current<Record<string, unknown>>()).get('name')).toBe('Ada');
    });
  });

  describe('with a revocation store', () => {
    beforeEach(() => start(cookieStore({ keys: [KEY], revocation: new MemoryStore(1000) })));

    it('2.17 makes a logout final, for every copy of the cookie', async () => {
      await browser.post('/set?name=Ada');
      const copy = browser.cookie()!;
      await browser.post('/flush');
      expect((await served.browser().get('/read', withToken(copy))).json()).toEqual({});
      clock.advance(3600);
      const late = await served.browser().post('/set?name=Eve', withToken(copy));
      expect(late.setCookies).not.toEqual([expect.stringContaining(copy)]);
    });

    it('revokes by the public id', async () => {
      await browser.post('/set?name=Ada');
      const { id } = (await browser.get('/id')).json();
      expect((await browser.post(`/revoke?id=${id}`)).json()).toEqual({ revoked: true });
      expect((await browser.get('/read')).json()).toEqual({});
    });

    it('kills the old cookie with regenerate()', async () => {
      await browser.post('/set?name=Ada');
      const old = browser.cookie()!;
      await browser.post('/regenerate');
      expect((await served.browser().get('/read', withToken(old))).json()).toEqual({});
      expect((await browser.get('/read')).json()).toEqual({ name: 'Ada' });
    });

    it('refuses a write that another one has overtaken, with a 503 that leaves the cookie alone', async () => {
      await browser.post('/set?name=Ada');
      const other = browser.fork();
      meeting = new Barrier();
      const { reached } = meeting;
      const held = meeting;
      const overtaken = other.post('/set?mine=1');
      await reached;
      meeting = undefined;
      await browser.post('/set?theirs=1');
      held.open();
      const visit = await overtaken;
      expect([visit.status, visit.setCookies]).toEqual([503, []]);
      expect((await browser.get('/read')).json()).toEqual({ name: 'Ada', theirs: '1' });
    });

    it('gives nothing to a request that only reads when another one has written meanwhile', async () => {
      await browser.post('/set?name=Ada');
      clock.advance(61);
      meeting = new Barrier();
      const held = meeting;
      const reading = browser.fork().get('/read');
      await held.reached;
      meeting = undefined;
      await browser.post('/set?theirs=1');
      held.open();
      const visit = await reading;
      expect([visit.json(), visit.setCookies]).toEqual([{ name: 'Ada' }, []]);
    });

    it('lets a client whose newest cookie was lost go on from the one it has', async () => {
      await browser.post('/set?name=Ada');
      const kept = browser.cookie()!;
      await browser.post('/set?lost=1');
      expect((await served.browser().post('/set?again=1', withToken(kept))).status).toBe(503);
      clock.advance(11);
      const visit = await served.browser().post('/set?again=1', withToken(kept));
      expect([visit.status, visit.setCookies.length]).toEqual([201, 1]);
    });

    it('promises what the revocation store does', () => {
      expect(served.log.join('\n')).toMatch(/kept by cookie, revocable by memory: .*a logout is final/);
    });
  });
});

describe('cookieStore()', () => {
  it.each([
    ['no options', undefined],
    ['no keys', {}],
    ['an empty list', { keys: [] }],
    ['a short key', { keys: ['c2hvcnQ'] }],
    ['a key of 31 bytes', { keys: [randomBytes(31).toString('base64url')] }],
    ['a key in base64', { keys: [`${'+'.repeat(42)}A`] }],
    ['a short key behind a good one', { keys: [KEY, 'short'] }],
    ['an unknown mode', { keys: [KEY], mode: 'none' }],
    ['an unknown option', { keys: [KEY], secret: 'x' }],
    ['a revocation that is no store', { keys: [KEY], revocation: {} }],
  ])('6.3 refuses %s, without showing a key', (_, options) => {
    let message = '';
    try {
      cookieStore(options as any);
    } catch (error) {
      message = (error as TypeError).message;
    }
    expect(message).toMatch(/^cookieStore: /);
    expect(message).not.toContain(KEY);
  });
});

describe('A record in a cookie', () => {
  it.each(['encrypted', 'signed'] as const)(
    'comes back as it was, %s, but for what the server does not need',
    async (mode) => {
      const definition = cookieStore({ keys: [KEY], mode }) as unknown as { useFactory: () => CookieStore };
      const store = definition.useFactory();
      await store.open({ now: () => 1000, maxDataSize: 1000 });
      const record: SessionRecord = {
        id: 'a'.repeat(32),
        secretHash: 'h'.repeat(43),
        previousHash: null,
        previousUntil: null,
        data: '{"name":"Ada \\n ж 👋"}',
        version: 7,
        userId: '42',
        createdAt: 1,
        authenticatedAt: 2,
        lastSeenAt: 3,
        expiresAt: 2000,
        absoluteExpiresAt: 3000,
        ip: '192.0.2.1',
        userAgent: 'Test/1',
        audience: 'shop',
        groupId: 'g',
      };
      const travelled = async (sent: SessionRecord) => store.sealer.unseal(await store.sealer.seal(sent));
      expect(await travelled(record)).toEqual({ ...record, secretHash: '', ip: null, userAgent: null });
      expect(await travelled({ ...record, expiresAt: 1000 })).toBeUndefined();
    },
  );
});
