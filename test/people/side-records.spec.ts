import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionEvents } from '../../lib/core/session-events.js';
import { SessionToken } from '../../lib/core/session-token.js';
import { sideId, SideRecords, type SideKey } from '../../lib/core/side-records.js';
import { SessionHttp } from '../../lib/http/session-http.js';
import { CachedStore } from '../../lib/stores/cached/cached.store.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import { Clock } from '../support/clock.js';
import { peeking } from '../support/peeking.store.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';

const SECOND = 1000;
const key = (name: string = randomBytes(8).toString('hex')): SideKey => {
  const kind = 'nest-sessions/test';
  return { id: sideId(kind, name), kind };
};

describeStores('What is kept beside the sessions', ({ make, openStore }) => {
  let ground: Playground;
  let side: SideRecords;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    ({ side } = ground.app.get(SessionHttp, { strict: false }).repository);
  });
  afterEach(() => ground.close());

  const inAMinute = () => ground.clock.now() + 60 * SECOND;
  const put = (at: SideKey, content: unknown, secretHash?: string) =>
    side.put(at, { content, expiresAt: inAMinute() }, secretHash);

  it('is there until it expires, and keeps out what comes later under its key', async () => {
    const at = key();
    expect(await put(at, { tea: 'green' }, 'hash')).toBe(true);
    expect(await put(at, { tea: 'black' })).toBe(false);
    expect(await side.get(at)).toEqual({
      content: { tea: 'green' },
      secretHash: 'hash',
      expiresAt: inAMinute(),
    });
    ground.clock.advance(60);
    expect(await side.get(at)).toBeUndefined();
    expect(await side.take(at)).toBeUndefined();
    expect(await side.change(at, ({ content, expiresAt }) => ({ content, expiresAt }))).toBeUndefined();
  });

  it('is in nobody’s way once it has expired', async () => {
    const at = key();
    await put(at, 'old', 'hash');
    ground.clock.advance(60);
    expect(await put(at, 'new')).toBe(true);
    expect(await side.get(at)).toEqual({ content: 'new', secretHash: '', expiresAt: inAMinute() });
  });

  it('is put by one of many at once, also in the place of what has expired', async () => {
    const at = key();
    for (let round = 1; round <= 2; round++) {
      const done = await Promise.all([1, 2, 3, 4].map((content) => put(at, content)));
      expect(done.filter(Boolean)).toHaveLength(1);
      expect((await side.get(at))!.content).toBe(done.indexOf(true) + 1);
      ground.clock.advance(60);
    }
  });

  it('is given to at most one of those who take it at once', async () => {
    const at = key();
    await put(at, { tea: 'green' });
    const taken = await Promise.all([1, 2, 3, 4, 5].map(() => side.take(at)));
    expect(taken.filter((entry) => entry !== undefined)).toEqual([
      { content: { tea: 'green' }, secretHash: '', expiresAt: inAMinute() },
    ]);
    expect(await side.get(at)).toBeUndefined();
  });

  it('counts every one of many changes at once', async () => {
    const at = key();
    await put(at, 0);
    const add = () =>
      side.change<number>(at, ({ content, expiresAt }) => ({ content: content + 1, expiresAt }));
    const seen = await Promise.all([1, 2, 3, 4, 5, 6].map(add));
    expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await side.get(at))!.content).toBe(6);
  });

  it('stays as it is when a change makes nothing of it', async () => {
    const at = key();
    await put(at, 'as it is');
    expect(await side.change(at, () => undefined)).toBe('as it is');
    expect(ground.watched.take()).not.toContain('commit');
  });

  it('is never a session: not read, not taken and not changed as one of its kind', async () => {
    const browser = await ground.visitor({ basket: 'tea' });
    const session: SideKey = { id: idOf(browser), kind: 'nest-sessions/test' };
    expect(await side.get(session)).toBeUndefined();
    expect(await side.take(session)).toBeUndefined();
    expect(await side.change(session, ({ expiresAt }) => ({ content: {}, expiresAt }))).toBeUndefined();
    expect(await put(session, {})).toBe(false);
    expect((await browser.post('/read')).json()).toEqual({ basket: 'tea' });
  });

  it('is not another kind', async () => {
    const at = key();
    await put(at, 'a ticket');
    const other: SideKey = { ...at, kind: 'nest-sessions/other' };
    expect(await side.get(other)).toBeUndefined();
    expect(await side.take(other)).toBeUndefined();
    expect((await side.get(at))!.content).toBe('a ticket');
  });

  it('is opened by no token, not even one with its secret, and ended by nobody who ends sessions', async () => {
    const token = SessionToken.mint();
    const at: SideKey = { id: token.id, kind: 'nest-sessions/test' };
    await put(at, { userId: 'ada' }, token.secretHash);
    const visit = await ground
      .browser()
      .post('/read', { headers: { cookie: `sessionid=${token.reveal()}` } });
    expect(visit.json()).toEqual({});
    expect(ground.events).toContainEqual({ type: 'unknown-token', id: token.id, ip: '127.0.0.1' });
    expect(await ground.sessions.open(token.id)).toBeUndefined();
    expect(await ground.sessions.revoke(token.id)).toBe(false);
    expect((await side.get(at))!.content).toEqual({ userId: 'ada' });
  });

  it('goes with the sessions that are cleared away', async () => {
    const at = key();
    await put(at, 'old');
    ground.clock.advance(60);
    await ground.sessions.clearExpired();
    expect(await put(at, 'new')).toBe(true);
  });
});

describeMemory('What is kept beside the sessions, encrypted', ({ make, openStore }) => {
  const keys = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  let ground: Playground;

  afterEach(() => ground.close());

  it('makes way when nobody can read it any more', async () => {
    const open = (encryption: { keys: string[] }) =>
      playground({ adapter: make(), store: openStore(), session: { encryption } });
    ground = await open({ keys: [keys[0]!] });
    const { side } = ground.app.get(SessionHttp, { strict: false }).repository;
    const at = key();
    const change = { content: 'first words', expiresAt: ground.clock.now() + SECOND };
    await side.put(at, change);
    expect((await ground.stored(at.id))!.data).not.toContain('first words');
    const record = (await ground.stored(at.id))!;
    await ground.real.commit(at.id, record.version, { ...record, data: 'what another key has sealed' });
    expect(await side.get(at)).toBeUndefined();
    expect(await side.put(at, { ...change, content: 'new' })).toBe(true);
    expect((await side.get(at))!.content).toBe('new');
  });
});

describe('What is kept beside the sessions, behind the caches of two processes', () => {
  it('is not mistaken for what was under its name before', async () => {
    const clock = new Clock();
    const database = peeking(new MemoryStore(100));
    const [here, there] = [0, 1].map(() => new CachedStore(database, memoryCache()));
    await Promise.all([here!, there!].map((store) => store.open({ now: clock.now, maxDataSize: 1000 })));
    const sideOf = (store: CachedStore) => new SideRecords(store, { now: clock.now }, new SessionEvents());
    const at = key();
    const change = (content: string) => ({ content, expiresAt: clock.now() + SECOND });
    await sideOf(here!).put(at, change('old'));
    expect((await sideOf(there!).get(at))!.content).toBe('old');
    clock.advance(1);
    await sideOf(here!).put(at, change('new'));
    expect((await sideOf(there!).get(at))!.content).toBe('new');
  });
});
