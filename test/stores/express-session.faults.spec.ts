import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExpressSessionStore } from 'nest-sessions/express-session';
import type { ExpressSessionStoreLike, ExpressSessionStoreOptions } from 'nest-sessions/express-session';
import { Barrier } from '../support/barrier.js';
import { sessionRecord } from '../support/session-table.js';

const ID = '0123456789abcdef0123456789abcdef';
const OTHER = 'f'.repeat(32);
const CHANGE = { data: '"new"', lastSeenAt: 5, expiresAt: 900_000 };
const DOWN = new Error('The server is down.');

type Callback = (error?: unknown, value?: unknown) => void;
type TwoArguments = (sid: string, done?: Callback) => unknown;
type ThreeArguments = (sid: string, session: unknown, done?: Callback) => unknown;

/** The least that an express-session store is: a map of texts. A test replaces its verbs. */
function mapStore() {
  const texts = new Map<string, string>();
  const store = {
    texts,
    get: (sid: string, done: Callback): unknown => {
      const text = texts.get(sid);
      setImmediate(done, null, text && JSON.parse(text));
      return undefined;
    },
    set: (sid: string, session: unknown, done: Callback = () => undefined): unknown => {
      texts.set(sid, JSON.stringify(session));
      setImmediate(done);
      return undefined;
    },
    destroy: (sid: string, done: Callback = () => undefined): unknown => {
      texts.delete(sid);
      setImmediate(done);
      return undefined;
    },
  } satisfies ExpressSessionStoreLike & { texts: Map<string, string> };
  return store;
}

async function setUp(
  changes: Partial<ExpressSessionStoreLike> = {},
  options: ExpressSessionStoreOptions = {},
) {
  const store = mapStore();
  const clock = { now: 1_000 };
  const adapter = new ExpressSessionStore(store, options);
  adapter.open({ now: () => clock.now, maxDataSize: 1_000 });
  await adapter.create(sessionRecord(ID));
  Object.assign(store, changes);
  return { adapter, store, clock, texts: store.texts };
}

describe('the ways in which express-session stores answer', () => {
  it('by a promise and without a callback', async () => {
    const { adapter, texts } = await setUp();
    const promising = {
      get: async (sid: string) => JSON.parse(texts.get(sid) ?? 'null') as unknown,
      set: async (sid: string, session: unknown) => void texts.set(sid, JSON.stringify(session)),
      destroy: async (sid: string) => texts.delete(sid),
    };
    const store = new ExpressSessionStore(promising as never);
    store.open({ now: () => 1_000, maxDataSize: 1_000 });
    expect(await store.load(ID)).toEqual(sessionRecord(ID));
    expect(await store.load(OTHER)).toBeUndefined();
    expect(await store.commit(ID, 1, CHANGE)).toEqual({ outcome: 'committed' });
    expect(await store.destroy(ID)).toBe(true);
    expect(await adapter.load(ID)).toBeUndefined();
  });

  it('by a callback that comes after the promise of the verb has resolved', async () => {
    const { adapter, store } = await setUp();
    const { get, set, destroy } = store;
    store.get = async (sid, done) => void get(sid, done);
    store.set = (async (sid, session, done) => void set(sid, session, done)) as ThreeArguments;
    store.destroy = (async (sid, done) => void destroy(sid, done)) as TwoArguments;
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
    expect(await adapter.commit(ID, 1, CHANGE)).toEqual({ outcome: 'committed' });
    expect(await adapter.load(ID)).toMatchObject({ version: 2 });
    expect(await adapter.destroy(ID)).toBe(true);
  });

  it('by calling back twice, of which the first counts', async () => {
    const { adapter, store } = await setUp();
    const { get } = store;
    store.get = (sid, done) => {
      get(sid, (_error, value) => {
        done(null, value);
        done(DOWN);
        done(null, undefined);
      });
    };
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
  });

  it('at once, before the verb has returned', async () => {
    const { adapter, store, texts } = await setUp();
    store.get = (sid, done) => done(null, JSON.parse(texts.get(sid) ?? 'null'));
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
  });

  it.each<[string, (done: Callback) => unknown]>([
    ['an error in the callback', (done) => done(DOWN)],
    ['a promise that rejects', () => Promise.reject(DOWN)],
    [
      'an error that it throws',
      () => {
        throw DOWN;
      },
    ],
  ])('by %s, which is a failure and never an absent session', async (_how, fail) => {
    const { adapter, store } = await setUp();
    const { get } = store;
    store.set = (_sid, _session, done) => fail(done!);
    await expect(adapter.commit(ID, 1, CHANGE)).rejects.toBe(DOWN);
    await expect(adapter.create(sessionRecord(OTHER))).rejects.toBe(DOWN);
    store.destroy = (_sid, done) => fail(done!);
    await expect(adapter.destroy(ID)).rejects.toBe(DOWN);
    store.get = (_sid, done) => fail(done);
    await expect(adapter.load(ID)).rejects.toBe(DOWN);
    store.get = get;
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
  });

  it('by an error that is only a text', async () => {
    const { adapter } = await setUp({ get: (_sid, done) => done('no connection') });
    await expect(adapter.load(ID)).rejects.toThrow('no connection');
  });

  it.each([
    ['ENOENT', Object.assign(new Error('no such file'), { code: 'ENOENT' })],
    ['a text that cannot be parsed', new SyntaxError('Unexpected end of JSON input')],
  ])('by %s, which is an absent session', async (_what, error) => {
    const { adapter } = await setUp({ get: (_sid, done) => done(error) });
    expect(await adapter.load(ID)).toBeUndefined();
    expect(await adapter.commit(ID, 1, CHANGE)).toEqual({ outcome: 'gone' });
  });

  it('by ENOENT of a connection, which is a server that is away', async () => {
    const away = Object.assign(new Error('connect ENOENT /run/db.sock'), {
      code: 'ENOENT',
      syscall: 'connect',
    });
    const reading = await setUp({ get: (_sid, done) => done(away) });
    await expect(reading.adapter.load(ID)).rejects.toThrow('connect ENOENT');
    const ending = await setUp({ destroy: (_sid, done) => done!(away) });
    await expect(ending.adapter.destroy(ID)).rejects.toThrow('connect ENOENT');
    expect(await ending.adapter.load(ID)).toMatchObject({ version: 1 });
  });

  it('by no answer at all, in time, and lets nobody overtake what is still on its way', async () => {
    let answer!: () => void;
    const { adapter, store } = await setUp({}, { timeout: 200 });
    const set = store.set.bind(store);
    store.set = (sid, session, done) => {
      answer = () => void set(sid, session, done);
    };
    await expect(adapter.commit(ID, 1, CHANGE)).rejects.toThrow('has not answered within 200 ms');
    // Waits for the one before, gives up, and is not done afterwards.
    const late = adapter.commitExclusively(ID, () => ({ change: { ...CHANGE, data: '"late"' } }));
    await expect(late).rejects.toThrow('has not answered');
    store.set = set;
    answer();
    expect(await adapter.commit(ID, 1, CHANGE)).toMatchObject({ outcome: 'conflict' });
    expect(await adapter.load(ID)).toMatchObject({ data: '"new"', version: 2 });
  });

  it('too late to a first question, after which nothing is changed that nobody waits for', async () => {
    let answer!: () => void;
    const { adapter, store, texts } = await setUp({}, { timeout: 200 });
    const [get, before] = [store.get.bind(store), new Map(texts)];
    store.get = (sid, done) => {
      answer = () => void get(sid, done);
    };
    await expect(adapter.replace(ID, 1, sessionRecord(OTHER))).rejects.toThrow(
      'has not answered within 200 ms',
    );
    store.get = get;
    answer();
    // Comes after what was given up.
    expect(await adapter.destroy(OTHER)).toBe(false);
    expect(texts).toEqual(before);
  });

  it('too late that the new session is there, which then does not take the place of the old one', async () => {
    let answer!: () => void;
    const { adapter, store, texts } = await setUp({}, { timeout: 200 });
    const set = store.set.bind(store);
    store.set = (sid, session, done) => {
      answer = () => void set(sid, session, done);
    };
    await expect(adapter.replace(ID, 1, sessionRecord(OTHER))).rejects.toThrow(
      'has not answered within 200 ms',
    );
    store.set = set;
    answer();
    expect(await adapter.destroy(OTHER)).toBe(false);
    expect([...texts.keys()]).toEqual([ID]);
    expect(await adapter.load(ID)).toMatchObject({ version: 1 });
  });

  it('to destroy with ENOENT, when something else was faster', async () => {
    const gone = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    const { adapter } = await setUp({ destroy: (_sid, done) => done!(gone) });
    expect(await adapter.destroy(ID)).toBe(true);
  });

  it.each([
    ['a session without a record', { cookie: {} }],
    ['a record without data', { cookie: {}, record: { ...sessionRecord(ID), data: undefined } }],
    ['the record of another session', { cookie: {}, record: sessionRecord(OTHER) }],
    [
      'a record with a version that is a text',
      { cookie: {}, record: { ...sessionRecord(ID), version: '1' } },
    ],
    ['false', false],
    ['a text', 'session'],
  ])('with %s, which is no session of ours', async (_what, answer) => {
    const { adapter } = await setUp({ get: (_sid, done) => done(null, answer) });
    expect(await adapter.load(ID)).toBeUndefined();
  });
});

describe('what express-session stores are given', () => {
  it('is a session with the cookie that they take their time to live from, by the real clock', async () => {
    const { adapter, texts, clock } = await setUp();
    clock.now = 500_000;
    const before = Date.now();
    await adapter.touch(ID, 1, { lastSeenAt: 500_000, expiresAt: 600_000 });
    const { cookie, record } = JSON.parse(texts.get(ID)!) as { cookie: any; record: unknown };
    expect(cookie).toMatchObject({ originalMaxAge: 160_000, maxAge: 160_000, httpOnly: true, path: '/' });
    expect(Date.parse(cookie.expires)).toBeGreaterThanOrEqual(before + 160_000);
    expect(Date.parse(cookie.expires)).toBeLessThanOrEqual(Date.now() + 160_000);
    expect(record).toEqual(sessionRecord(ID, { lastSeenAt: 500_000, expiresAt: 600_000 }));
  });

  it('is never a session that has already expired, which some would delete', async () => {
    const { adapter, texts } = await setUp();
    await adapter.commit(ID, 1, { ...CHANGE, expiresAt: 0 });
    const { cookie } = JSON.parse(texts.get(ID)!) as { cookie: any };
    expect(cookie.originalMaxAge).toBe(60_000);
  });

  it('is theirs to write into, and what they hand out is copied', async () => {
    const held = new Map<string, any>();
    const store: ExpressSessionStoreLike = {
      get: (sid, done) => done(null, held.get(sid)),
      set: (sid, session, done) => {
        session.lastAccess = 1;
        held.set(sid, session);
        done!();
      },
      destroy: (sid, done) => (held.delete(sid), done!()),
    };
    const adapter = new ExpressSessionStore(store);
    adapter.open({ now: () => 1_000, maxDataSize: 1_000 });
    const given = sessionRecord(ID);
    await adapter.create(given);
    given.data = 'changed by the caller';
    (await adapter.load(ID))!.data = 'changed by the reader';
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
  });
});

describe('a destroyed session stays destroyed in this process', () => {
  it('when another process brings it back with a write that was on its way', async () => {
    const { adapter, texts, clock } = await setUp();
    const inFlight = texts.get(ID)!;
    expect(await adapter.destroy(ID)).toBe(true);
    texts.set(ID, inFlight);
    clock.now += 599_999;
    expect(await adapter.load(ID)).toBeUndefined();
    expect(await adapter.commit(ID, 1, CHANGE)).toEqual({ outcome: 'gone' });
    expect(await adapter.touch(ID, 1, CHANGE)).toBe(false);
    expect(await adapter.rotate(ID, 'hash', { secretHash: 'x', previousUntil: 1 })).toBe(false);
    expect(await adapter.replace(ID, 1, sessionRecord(OTHER))).toEqual({ outcome: 'gone' });
    expect(await adapter.create(sessionRecord(ID))).toBe(false);
    expect(await adapter.destroy(ID)).toBe(false);
  });

  it('for ten minutes, and is forgotten then', async () => {
    const { adapter, texts, clock } = await setUp();
    const inFlight = texts.get(ID)!;
    await adapter.destroy(ID);
    texts.set(ID, inFlight);
    clock.now += 600_000;
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
  });

  it('also as the old one of a replacement', async () => {
    const { adapter, texts } = await setUp();
    const inFlight = texts.get(ID)!;
    expect(await adapter.replace(ID, 1, sessionRecord(OTHER))).toEqual({ outcome: 'committed' });
    texts.set(ID, inFlight);
    expect(await adapter.load(ID)).toBeUndefined();
    expect(await adapter.load(OTHER)).toEqual(sessionRecord(OTHER));
  });

  it('after a commit that the store is still writing', async () => {
    const { adapter, store, texts } = await setUp();
    const { set } = store;
    const writing = new Barrier();
    store.set = (sid, session, done) => void writing.wait().then(() => set(sid, session, done));
    const commit = adapter.commit(ID, 1, CHANGE);
    await writing.reached;
    const destroyed = adapter.destroy(ID);
    await nextTurn();
    writing.open();
    expect(await commit).toEqual({ outcome: 'committed' });
    expect(await destroyed).toBe(true);
    expect(texts.has(ID)).toBe(false);
  });

  it('but not when the store has failed to destroy it', async () => {
    const { adapter, store } = await setUp();
    const { destroy } = store;
    store.destroy = (_sid, done) => done!(DOWN);
    await expect(adapter.destroy(ID)).rejects.toBe(DOWN);
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
    store.destroy = destroy;
    expect(await adapter.destroy(ID)).toBe(true);
  });

  it('and a replacement that could not end the old session leaves that one alone', async () => {
    const { adapter, store } = await setUp({ destroy: (_sid, done) => done!(DOWN) });
    await expect(adapter.replace(ID, 1, sessionRecord(OTHER))).rejects.toBe(DOWN);
    expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
    expect(store.texts.has(OTHER)).toBe(true);
    expect(await adapter.load(OTHER)).toBeUndefined();
  });
});

describe('clearExpired', () => {
  it('asks for nothing unless it is told to sweep', async () => {
    const { adapter, clock } = await setUp({ all: () => expect(true).toBe(false) });
    clock.now = 1_000_000;
    expect(await adapter.clearExpired()).toBe(0);
  });

  it('leaves sessions of express-session alone, and those touched since they were listed', async () => {
    const store = mapStore();
    const { texts } = store;
    const clock = { now: 1_000 };
    const touched = new Barrier();
    const listing = Object.assign(store, {
      all: async () => {
        const sessions = Object.fromEntries([...texts].map(([sid, text]) => [sid, JSON.parse(text)]));
        await touched.wait();
        return sessions;
      },
    });
    const adapter = new ExpressSessionStore(listing, { sweep: true });
    adapter.open({ now: () => clock.now, maxDataSize: 1_000 });
    await adapter.create(sessionRecord(ID));
    await adapter.create(sessionRecord(OTHER));
    texts.set('foreign', '{"cookie":{"expires":"2001-01-01T00:00:00.000Z"}}');
    clock.now = 1_000_000;
    const clearing = adapter.clearExpired();
    await touched.reached;
    clock.now = 999_999;
    await adapter.touch(ID, 1, { lastSeenAt: 2, expiresAt: 3_000_000 });
    clock.now = 1_000_000;
    touched.open();
    expect(await clearing).toBe(1);
    expect([...texts.keys()]).toEqual([ID, 'foreign']);
  });
});

it('writers of different sessions do not wait for each other', async () => {
  const { adapter, store } = await setUp();
  await adapter.create(sessionRecord(OTHER));
  const { set } = store;
  const writing = new Barrier();
  store.set = (sid, session, done) =>
    sid === ID ? void writing.wait().then(() => set(sid, session, done)) : set(sid, session, done);
  const held = adapter.commit(ID, 1, CHANGE);
  await writing.reached;
  expect(await adapter.commit(OTHER, 1, CHANGE)).toEqual({ outcome: 'committed' });
  writing.open();
  expect(await held).toEqual({ outcome: 'committed' });
});

it('replacements that want each other’s ids do not wait for ever', async () => {
  const { adapter } = await setUp();
  await adapter.create(sessionRecord(OTHER));
  const both = await Promise.allSettled([
    adapter.replace(ID, 1, sessionRecord(OTHER)),
    adapter.replace(OTHER, 1, sessionRecord(ID)),
  ]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await adapter.load(ID)).toEqual(sessionRecord(ID));
});
