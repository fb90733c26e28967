import { Controller, Get, Inject, Param, Post } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Session,
  SessionService,
  SessionStore,
  type SessionEvent,
  type SessionModuleOptions,
} from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { Clock } from '../support/clock.js';
import { memory } from '../support/memory.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';

@Controller()
class TableController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Get('unused') unused() {
    return 'no session here';
  }

  @Get('read') read(@Session() session: Session) {
    return { n: session.get('n', 0), name: session.get('name', 'Guest') };
  }

  @Get('read-nested') readNested(@Session() session: Session) {
    return session.data;
  }

  /** Reads, while another request is first to write. */
  @Get('outrun') async outrun(@Session() session: Session) {
    const other = (await this.sessions.open(session.id!))!;
    await other.set('n', session.get('n', 0) + 1).save();
  }

  @Post('write/:name') write(@Session() session: Session, @Param('name') name: string) {
    session.data.name = name;
    return { id: session.id };
  }

  @Post('regenerate') async regenerate(@Session() session: Session) {
    session.data.name = 'regenerated';
    await session.regenerate();
  }

  @Post('flush') async flush(@Session() session: Session) {
    await session.flush();
  }

  @Post('save') async save(@Session() session: Session) {
    session.data.name = 'saved';
    await session.save();
  }
}

const UNKNOWN = `${'0'.repeat(32)}.${'A'.repeat(43)}`;

describe.each(adapters)('Store operations per kind of request on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;
  let clock: Clock;
  let events: SessionEvent[];

  async function start(options: SessionModuleOptions = {}): Promise<void> {
    clock = new Clock();
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [TableController],
      session: { store: watched.store as SessionStore, now: clock.now, ...options },
    });
    events = [];
    served.sessions.events.subscribe((event) => events.push(event));
  }

  beforeEach(() => start());
  afterEach(() => served.close());

  async function visitor() {
    const browser = served.browser();
    await browser.post('/write/Ada');
    watched.take();
    return browser;
  }

  it('4.12 does nothing for a request without a cookie that leaves the session alone', async () => {
    const visit = await served.browser().get('/unused');
    expect(watched.take()).toEqual([]);
    expect(visit.setCookies).toEqual([]);
    expect(visit.headers.get('vary') ?? '').not.toMatch(/cookie/i);
  });

  it('4.12 does nothing for a request without a cookie that only reads', async () => {
    const visit = await served.browser().get('/read');
    expect(visit.json()).toEqual({ n: 0, name: 'Guest' });
    expect(watched.take()).toEqual([]);
    expect(visit.setCookies).toEqual([]);
    expect(visit.headers.get('vary')).toMatch(/cookie/i);
  });

  it('4.12 does nothing for a request with a cookie that leaves the session alone, however old the session', async () => {
    const browser = await visitor();
    clock.advance(7 * 24 * 3600);
    const visit = await browser.get('/unused');
    expect(watched.take()).toEqual([]);
    expect(visit.setCookies).toEqual([]);
  });

  it('loads once for a read', async () => {
    const browser = await visitor();
    const visit = await browser.get('/read');
    expect(visit.json()).toEqual({ n: 0, name: 'Ada' });
    expect(watched.take()).toEqual(['load']);
    expect(visit.setCookies).toEqual([]);
  });

  it('loads once for a read of the whole data', async () => {
    const browser = await visitor();
    await browser.get('/read-nested');
    expect(watched.take()).toEqual(['load']);
  });

  it('loads and touches once when the touch is due, and gives the cookie its new age', async () => {
    const browser = await visitor();
    clock.advance(59);
    await browser.get('/read');
    expect(watched.take()).toEqual(['load']);
    clock.advance(1);
    const visit = await browser.get('/read');
    expect(watched.take()).toEqual(['load', 'touch']);
    expect(visit.setCookies).toHaveLength(1);
    expect(visit.setCookies[0]).toMatch(/Max-Age=1209600;/);
    await browser.get('/read');
    expect(watched.take()).toEqual(['load']);
  });

  it('asks once for a touch that another request has made needless', async () => {
    const browser = await visitor();
    clock.advance(60);
    await browser.get('/outrun');
    expect(watched.take()).toEqual(['load', 'load', 'commit', 'touch']);
  });

  it('loads and commits once for a write', async () => {
    const browser = await visitor();
    await browser.post('/write/Grace');
    expect(watched.take()).toEqual(['load', 'commit']);
  });

  it('moves the expiry with the commit, without a touch, when both are due', async () => {
    const browser = await visitor();
    clock.advance(3600);
    const visit = await browser.post('/write/Grace');
    expect(watched.take()).toEqual(['load', 'commit']);
    expect(visit.setCookies).toHaveLength(1);
  });

  it('creates once for a first write', async () => {
    const visit = await served.browser().post('/write/Ada');
    expect(watched.take()).toEqual(['create']);
    expect(visit.setCookies).toHaveLength(1);
  });

  it('only loads when the same value is written again', async () => {
    const browser = await visitor();
    const visit = await browser.post('/write/Ada');
    expect(watched.take()).toEqual(['load']);
    expect(visit.setCookies).toEqual([]);
  });

  it('commits once when the handler has saved by itself', async () => {
    const browser = await visitor();
    await browser.post('/save');
    expect(watched.take()).toEqual(['load', 'commit']);
  });

  it('replaces once for a regeneration with a write', async () => {
    const browser = await visitor();
    await browser.post('/regenerate');
    expect(watched.take()).toEqual(['load', 'replace']);
  });

  it('destroys once for a flush', async () => {
    const browser = await visitor();
    await browser.post('/flush');
    expect(watched.take()).toEqual(['load', 'destroy']);
  });

  describe.each([
    { kind: 'an unknown', token: UNKNOWN, loads: ['load'], event: 'unknown-token' },
    { kind: 'a malformed', token: 'not-a-token', loads: [], event: 'unknown-token' },
    { kind: 'an empty', token: '', loads: [], event: 'unknown-token' },
    { kind: 'an over-long', token: `${'a'.repeat(7000)}`, loads: [], event: 'unknown-token' },
    { kind: 'a path-like', token: `../../${UNKNOWN}`, loads: [], event: 'unknown-token' },
  ])('with $kind token', ({ token, loads, event }) => {
    const headers = { cookie: `other=1; sessionid=${token}; another=2` };

    it('does nothing until the session is used', async () => {
      const visit = await served.browser().get('/unused', { headers });
      expect(visit.status).toBe(200);
      expect(watched.take()).toEqual([]);
      expect(visit.setCookies).toEqual([]);
    });

    it('loads at most once when it is read, finds no session and clears the cookie', async () => {
      const visit = await served.browser().get('/read', { headers });
      expect(visit.json()).toEqual({ n: 0, name: 'Guest' });
      expect(watched.take()).toEqual(loads);
      expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      expect(events.map(({ type }) => type)).toEqual([event]);
    });

    it('1.3 never adopts the id when it is written', async () => {
      const visit = await served.browser().post('/write/Eve', { headers });
      expect(watched.take()).toEqual([...loads, 'create']);
      expect(visit.setCookies).toHaveLength(1);
      expect(visit.setCookies[0]).toMatch(/^sessionid=[0-9a-f]{32}\.[\w-]{43};/);
      expect(visit.setCookies[0]).not.toContain(UNKNOWN.slice(0, 32));
    });
  });

  it('2.14 takes an expired session for none, and clears its cookie', async () => {
    const browser = await visitor();
    const token = browser.cookie();
    clock.advance(14 * 24 * 3600);
    const visit = await served.browser().get('/read', { headers: { cookie: `sessionid=${token}` } });
    expect(visit.json().name).toBe('Guest');
    expect(watched.take()).toEqual(['load']);
    expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
  });

  it('1.10 takes the right id with a wrong secret for no session', async () => {
    const browser = await visitor();
    const [id] = browser.cookie()!.split('.');
    const visit = await served
      .browser()
      .get('/read', { headers: { cookie: `sessionid=${id}.${'B'.repeat(43)}` } });
    expect(visit.json().name).toBe('Guest');
    expect(events).toContainEqual({ type: 'unknown-token', id, ip: '127.0.0.1' });
    expect((await browser.get('/read')).json().name).toBe('Ada');
  });

  it('1.8 trusts neither of two cookies of its name, and says so in an event', async () => {
    const browser = await visitor();
    const token = browser.cookie();
    const headers = { cookie: `sessionid=${token}; sessionid=${UNKNOWN}` };
    const visit = await served.browser().get('/read', { headers });
    expect(visit.json().name).toBe('Guest');
    expect(watched.take()).toEqual([]);
    expect(events).toContainEqual({ type: 'duplicate-cookie', count: 2, ip: '127.0.0.1' });
  });

  it('is not misled by cookies whose names contain its own', async () => {
    const browser = await visitor();
    const headers = {
      cookie: `xsessionid=${UNKNOWN}; sessionid=${browser.cookie()}; sessionidx=1; a=sessionid=2`,
    };
    const visit = await served.browser().get('/read', { headers });
    expect(visit.json().name).toBe('Ada');
  });
});
