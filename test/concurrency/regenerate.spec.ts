import { InternalServerErrorException, BadRequestException } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { Meeting } from '../support/meeting.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeStores } from '../support/stores-under-test.js';

describeStores('Requests in flight during regenerate()', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;
  let oldId: string;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    browser = await ground.visitor();
    oldId = idOf(browser);
  });
  afterEach(() => ground.close());

  it('2.3 keeps the data, gives a new id and secret, and the old token is dead', async () => {
    const old = browser.fork();
    const [, oldSecret] = browser.cookie()!.split('.');
    await browser.post('/regenerate');
    const [newId, newSecret] = browser.cookie()!.split('.');
    expect(newId).not.toBe(oldId);
    expect(newSecret).not.toBe(oldSecret);
    expect(await ground.stored(oldId)).toBeUndefined();
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    expect((await old.post('/read')).json()).toEqual({});
    expect(ground.events).toContainEqual({ type: 'regenerated', id: newId, previousId: oldId });
  });

  it('keeps a write with the old id out of the new session, and neither sends nor clears a cookie', async () => {
    const held = ground.hold('before', 'commit');
    const late = browser.fork().post('/set?injected=1');
    await held.reached;
    await browser.post('/regenerate');
    held.open();
    expect((await late).status).toBe(200);
    expect((await late).setCookies).toEqual([]);
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada' });
    expect(await ground.stored(oldId)).toBeUndefined();
    expect(ground.events).toContainEqual({ type: 'interrupted', id: oldId });
  });

  it('throws SessionInterruptedError from an explicit save() with the old id', async () => {
    ground.on('save', async (session) => {
      session.set('injected', 1);
      await session.save();
    });
    const held = ground.hold('before', 'commit');
    const late = browser.fork().post('/save');
    await held.reached;
    await browser.post('/regenerate');
    held.open();
    expect((await late).status).toBe(409);
    expect((await late).setCookies).toEqual([]);
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada' });
  });

  it("leaves the client's new cookie alone when a read with the old token comes right after", async () => {
    const late = browser.fork();
    await browser.post('/regenerate');
    const visit = await late.post('/read');
    expect(visit.json()).toEqual({});
    expect(visit.setCookies).toEqual([]);
  });

  it("does not put a new session over the client's new cookie when a write with the old token comes right after", async () => {
    const late = browser.fork();
    await browser.post('/regenerate');
    const visit = await late.post('/set?late=1');
    expect(visit.status).toBe(200);
    expect(visit.setCookies).toEqual([]);
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada' });
  });

  it("does not put the dead token over the client's new cookie when a commit has moved the expiry before", async () => {
    ground.clock.advance(3600);
    const held = ground.hold('after', 'commit');
    const late = browser.fork().post('/set?late=1');
    await held.reached;
    await browser.post('/regenerate');
    held.open();
    expect((await late).setCookies).toEqual([]);
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada', late: '1' });
  });

  it('clears the cookie of a client that still comes with the old token after the grace', async () => {
    const late = browser.fork();
    await browser.post('/regenerate');
    ground.clock.advance(10);
    const visit = await late.post('/read');
    expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
    expect(ground.count('unknown-token')).toBe(1);
  });

  it('leaves exactly one live session when two requests regenerate at once', async () => {
    const meeting = new Meeting(2);
    ground.on('regenerate', async (session) => {
      await meeting.join();
      await session.regenerate();
    });
    const visits = await Promise.all([
      browser.fork().post('/regenerate'),
      browser.fork().post('/regenerate'),
    ]);
    const cookies = visits.flatMap(({ setCookies }) => setCookies);
    expect(visits.map(({ status }) => status)).toEqual([200, 200]);
    expect(cookies).toHaveLength(1);
    const [liveId] = /[0-9a-f]{32}/.exec(cookies[0]!)!;
    expect(await ground.dataOf(liveId)).toEqual({ name: 'Ada' });
    expect(await ground.stored(oldId)).toBeUndefined();
    expect(ground.count('regenerated')).toBe(1);
    expect(ground.count('interrupted')).toBe(1);
  });

  it('does not lose what another request commits between its load and its replacement', async () => {
    ground.on('promote', async (session) => {
      session.set('role', 'admin');
      session.update('n', (n = 0) => n + 1);
      await session.regenerate();
    });
    const held = ground.hold('before', 'replace');
    const promoted = browser.post('/promote');
    await held.reached;
    ground.on('other', (session) => {
      session.set('basket', 'full');
      session.update('n', (n = 0) => n + 10);
    });
    await browser.fork().post('/other');
    held.open();
    await promoted;
    expect(idOf(browser)).not.toBe(oldId);
    expect(await ground.dataOf(idOf(browser))).toEqual({
      name: 'Ada',
      role: 'admin',
      basket: 'full',
      n: 11,
    });
    expect(await ground.stored(oldId)).toBeUndefined();
  });

  it('does not lose a write that commits first when it regenerates without a write of its own', async () => {
    const held = ground.hold('before', 'replace');
    const regenerated = browser.post('/regenerate');
    await held.reached;
    await browser.fork().post('/set?basket=full');
    held.open();
    await regenerated;
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada', basket: 'full' });
  });

  it.each([
    { what: 'a 500', error: new InternalServerErrorException() },
    { what: 'an unexpected error', error: new Error('crashed') },
  ])('keeps the old session alive when the handler fails with $what after it', async ({ error }) => {
    ground.on('crash', async (session) => {
      session.set('role', 'admin');
      await session.regenerate();
      throw error;
    });
    const before = browser.cookie();
    const visit = await browser.post('/crash');
    expect(visit.status).toBe(500);
    expect(visit.setCookies).toEqual([]);
    expect(browser.cookie()).toBe(before);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    expect(ground.count('regenerated')).toBe(0);
  });

  it('takes effect when the handler fails with a 4xx after it', async () => {
    ground.on('refuse', async (session) => {
      await session.regenerate();
      throw new BadRequestException();
    });
    const visit = await browser.post('/refuse');
    expect(visit.status).toBe(400);
    expect(visit.setCookies).toHaveLength(1);
    expect(idOf(browser)).not.toBe(oldId);
    expect(await ground.stored(oldId)).toBeUndefined();
  });

  it('gives the client the new token when it was saved before the handler fails', async () => {
    ground.on('crash', async (session) => {
      await session.regenerate();
      await session.save();
      throw new InternalServerErrorException();
    });
    const visit = await browser.post('/crash');
    expect(visit.status).toBe(500);
    expect(visit.setCookies).toHaveLength(1);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
  });

  it('stores nothing for a session without data', async () => {
    const stranger = ground.browser();
    const visit = await stranger.post('/regenerate');
    expect(visit.setCookies).toEqual([]);
    expect(ground.watched.take()).toEqual([]);
  });

  it('keeps the absolute end and the expiry of its own', async () => {
    ground.on('shorten', (session) => session.setExpiry('1h'));
    await browser.post('/shorten');
    const before = (await ground.stored(oldId))!;
    ground.clock.advance(600);
    await browser.post('/regenerate');
    const after = (await ground.stored(idOf(browser)))!;
    expect(after.absoluteExpiresAt).toBe(before.absoluteExpiresAt);
    expect(after.createdAt).toBe(before.createdAt);
    expect(after.expiresAt).toBe(ground.clock.now() + 3_600_000);
  });

  it('regenerates once when asked twice in one request', async () => {
    ground.on('twice', (session) => Promise.all([session.regenerate(), session.regenerate()]));
    await browser.post('/twice');
    expect(ground.watched.take()).toEqual(['load', 'replace']);
    expect(ground.count('regenerated')).toBe(1);
  });

  it('destroys the session under its old id when it is flushed after regenerate()', async () => {
    ground.on('both', async (session) => {
      await session.regenerate();
      await session.flush();
    });
    const visit = await browser.post('/both');
    expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
    expect(await ground.stored(oldId)).toBeUndefined();
    expect(ground.count('regenerated')).toBe(0);
  });
});
