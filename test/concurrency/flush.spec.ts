import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Visit } from '../support/browser.js';
import { Meeting } from '../support/meeting.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeStores } from '../support/stores-under-test.js';

describeStores('Requests in flight during flush()', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;
  let id: string;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    browser = await ground.visitor({ name: 'Ada', secret: 'of the old session' });
    id = idOf(browser);
  });
  afterEach(() => ground.close());

  /** Holds the request at the point, flushes the session from another tab, and lets the request go on. */
  async function flushDuring(
    path: string,
    when: 'before' | 'after',
    verb: 'load' | 'commit' | 'touch' | 'replace',
  ): Promise<Visit> {
    const held = ground.hold(when, verb);
    const visit = browser.fork().post(path);
    await held.reached;
    expect((await browser.post('/flush')).status).toBe(200);
    held.open();
    return visit;
  }

  const isDead = async () => expect(await ground.stored(id)).toBeUndefined();

  it('drops a write that is flushed before its load, sends no cookie and says so', async () => {
    const late = await flushDuring('/set?colour=red', 'before', 'load');
    expect(late.status).toBe(200);
    expect(late.setCookies).toEqual([]);
    await isDead();
    expect(ground.count('interrupted')).toBe(1);
    expect(ground.count('created')).toBe(0);
  });

  it('reads nothing when it is flushed before the load, and sends no cookie', async () => {
    const late = await flushDuring('/read', 'before', 'load');
    expect(late.json()).toEqual({});
    expect(late.setCookies).toEqual([]);
    await isDead();
  });

  it.each([
    { what: 'a write', path: '/set?colour=red', verb: 'commit' },
    { what: 'a functional update', path: '/count', verb: 'commit' },
    { what: 'a clear()', path: '/clear', verb: 'commit' },
    { what: 'a regeneration', path: '/regenerate', verb: 'replace' },
  ] as const)(
    'drops $what that is flushed between load and commit, leaves the response alone and says so',
    async ({ path, verb }) => {
      ground.on('count', (session) => session.update('n', (n = 0) => n + 1));
      ground.on('clear', (session) => session.clear());
      const late = await flushDuring(path, 'before', verb);
      expect(late.status).toBe(200);
      expect(late.setCookies).toEqual([]);
      await isDead();
      expect(ground.events).toEqual([
        { type: 'revoked', id, reason: 'flush' },
        { type: 'interrupted', id },
      ]);
    },
  );

  it('throws from an explicit save() that comes after the flush', async () => {
    const caught: unknown[] = [];
    ground.on('save', async (session) => {
      session.set('colour', 'red');
      await session.save().catch((error: Error) => {
        caught.push(error.name);
        throw error;
      });
    });
    const late = await flushDuring('/save', 'before', 'commit');
    expect(caught).toEqual(['SessionInterruptedError']);
    expect(late.status).toBe(409);
    expect(late.setCookies).toEqual([]);
    await isDead();
    expect(ground.count('interrupted')).toBe(1);
  });

  it('throws again from a second save(), and emits nothing twice', async () => {
    const caught: unknown[] = [];
    ground.on('save', async (session) => {
      for (const colour of ['red', 'blue']) {
        session.set('colour', colour);
        await session.save().catch(({ name }: Error) => caught.push(name));
      }
    });
    const late = await flushDuring('/save', 'before', 'commit');
    expect(caught).toEqual(['SessionInterruptedError', 'SessionInterruptedError']);
    expect(late.status).toBe(200);
    expect(late.setCookies).toEqual([]);
    expect(ground.count('interrupted')).toBe(1);
    await isDead();
  });

  it('throws from reload() after the flush', async () => {
    const caught: unknown[] = [];
    const meeting = new Meeting(2);
    const flushed = new Meeting(2);
    ground.on('reload', async (session) => {
      await meeting.join();
      await flushed.join();
      await session.reload().catch(({ name }: Error) => caught.push(name));
    });
    const late = browser.fork().post('/reload');
    await meeting.join();
    await browser.post('/flush');
    await flushed.join();
    expect((await late).setCookies).toEqual([]);
    expect(caught).toEqual(['SessionInterruptedError']);
    await isDead();
  });

  it('brings nothing back when it is flushed after the commit', async () => {
    const late = await flushDuring('/set?colour=red', 'after', 'commit');
    expect(late.status).toBe(200);
    expect(late.setCookies).toEqual([]);
    await isDead();
    expect(ground.count('interrupted')).toBe(0);
  });

  it.each([
    { what: 'commit', path: '/set?colour=red', verb: 'commit' },
    { what: 'touch', path: '/read', verb: 'touch' },
  ] as const)(
    'does not send the dead token again when a $what has moved the expiry before',
    async ({ path, verb }) => {
      ground.clock.advance(3600);
      const late = await flushDuring(path, 'after', verb);
      expect(late.status).toBe(200);
      expect(late.setCookies).toEqual([]);
      await isDead();
    },
  );

  it('does not move the expiry of a session that is flushed before the touch', async () => {
    ground.clock.advance(3600);
    const late = await flushDuring('/read', 'before', 'touch');
    expect(late.status).toBe(200);
    expect(late.json()).toEqual({ name: 'Ada', secret: 'of the old session' });
    expect(late.setCookies).toEqual([]);
    await isDead();
  });

  it.each([
    { path: '/set?colour=red', verb: 'commit' },
    { path: '/regenerate', verb: 'replace' },
    { path: '/read', verb: 'touch' },
  ] as const)(
    'sends no cookie when something outside this process ends the session before the $verb',
    async (late) => {
      ground.clock.advance(3600);
      const held = ground.hold('before', late.verb);
      const visit = browser.fork().post(late.path);
      await held.reached;
      await ground.real.destroy(id);
      held.open();
      expect((await visit).status).toBe(200);
      expect((await visit).setCookies).toEqual([]);
      await isDead();
    },
  );

  it('drops a write that moves the expiry of a session that is flushed before it', async () => {
    ground.clock.advance(3600);
    const late = await flushDuring('/set?colour=red', 'before', 'commit');
    expect(late.setCookies).toEqual([]);
    await isDead();
  });

  it('brings nothing back when a write meets another before it meets the flush', async () => {
    const held = ground.hold('before', 'commit');
    const late = browser.fork().post('/set?colour=red');
    await held.reached;
    await browser.fork().post('/set?colour=blue');
    const retry = ground.hold('before', 'commit');
    held.open();
    await retry.reached;
    await browser.post('/flush');
    retry.open();
    expect((await late).setCookies).toEqual([]);
    await isDead();
    expect(ground.events.map(({ type }) => type)).toEqual(['conflict', 'revoked', 'interrupted']);
  });

  it('ends the session once when two requests flush it at once, and clears both cookies', async () => {
    const meeting = new Meeting(2);
    ground.on('flush', async (session) => {
      await meeting.join();
      await session.flush();
    });
    const visits = await Promise.all([browser.fork().post('/flush'), browser.fork().post('/flush')]);
    for (const { status, setCookies } of visits) {
      expect(status).toBe(200);
      expect(setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
    }
    expect(ground.events).toEqual([{ type: 'revoked', id, reason: 'flush' }]);
    await isDead();
  });

  it('takes a second flush() in one request for done', async () => {
    ground.on('twice', async (session) => {
      await session.flush();
      await session.flush();
    });
    const visit = await browser.post('/twice');
    expect(visit.status).toBe(200);
    expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
    expect(ground.watched.take()).toEqual(['load', 'destroy']);
  });

  it('starts a new session for what is written after flush(), whoever else is writing the old one', async () => {
    const meeting = new Meeting(2);
    ground.on('leave', async (session) => {
      await meeting.join();
      await session.flush();
      session.set('guest', true);
    });
    ground.on('work', async (session) => {
      await meeting.join();
      session.set('work', true);
    });
    const [left] = await Promise.all([browser.post('/leave'), browser.fork().post('/work')]);
    await isDead();
    expect(left.setCookies).toHaveLength(1);
    expect(idOf(browser)).not.toBe(id);
    expect(await ground.dataOf(idOf(browser))).toEqual({ guest: true });
  });

  it('keeps the session ended when the handler that flushed it throws', async () => {
    ground.on('crash', async (session) => {
      await session.flush();
      throw new Error('crashed');
    });
    const visit = await browser.post('/crash');
    expect(visit.status).toBe(500);
    expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
    await isDead();
  });

  it('leaves the new cookie alone when a late request carries the token of the flushed session', async () => {
    const late = browser.fork();
    await browser.post('/flush');
    await browser.post('/set?user=Grace');
    const visit = await late.post('/read');
    expect(visit.json()).toEqual({});
    expect(visit.setCookies).toEqual([]);
  });
});
