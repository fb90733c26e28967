import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { CachedStore } from '../../lib/stores/cached/cached.store.js';
import { PATIENCE, REST } from '../../lib/stores/cached/guarded.cache.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import type { SessionCache } from '../../lib/stores/cached/session-cache.interface.js';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import { Barrier } from '../support/barrier.js';
import { observed } from '../support/peeking.store.js';
import { sessionRecord } from '../support/session-table.js';

const ID = '0123456789abcdef0123456789abcdef';
const KEY = `nest-sessions:data:${ID}`;
const CHANGE = { data: '"new"', lastSeenAt: 5, expiresAt: 900_000 };
const VERBS = ['get', 'set', 'delete'] as const;
type Verb = (typeof VERBS)[number];

/** An entry of the cache as it is written, with its checksum. */
const entry = (id: string, version: string, data: string) =>
  `${id}:${version}:${crc32(`${id}:${version}${data}`).toString(16)}:${data}`;

const forEver = () => new Promise<never>(() => undefined);

/** A cache that works until a verb is told to do something else. */
function breakable() {
  const working = memoryCache();
  const calls: Verb[] = [];
  const faults: Partial<Record<Verb, (...args: any[]) => unknown>> = {};
  const call =
    (verb: Verb) =>
    (...args: any[]) => {
      calls.push(verb);
      return faults[verb] ? faults[verb](...args) : (working[verb] as (...given: any[]) => unknown)(...args);
    };
  const cache: SessionCache = { get: call('get'), set: call('set'), delete: call('delete') };
  return { cache, working, faults, calls: () => calls.splice(0) };
}

async function setUp() {
  const clock = { now: 1_000 };
  const real = new MemoryStore(100);
  const context = { now: () => clock.now, maxDataSize: 1_000 };
  /** An instance as in a process of its own: the database and, where it is given, the cache are shared. */
  const instance = async (cache: SessionCache) => {
    const database = observed(real);
    const store = new CachedStore(database.store, cache);
    await store.open(context);
    database.calls();
    return { store, database };
  };
  const shared = breakable();
  const { store, database } = await instance(shared.cache);
  await store.create(sessionRecord(ID));
  database.calls();
  shared.calls();
  return { store, database, clock, instance, real, ...shared };
}

const warn = jest.spyOn(Logger.prototype, 'warn');
const log = jest.spyOn(Logger.prototype, 'log');

beforeEach(() => {
  warn.mockReset().mockImplementation(() => undefined);
  log.mockReset().mockImplementation(() => undefined);
});

describe('a logged-out session is never served from the cache again', () => {
  it('when the delete in the cache fails', async () => {
    const { store, working, faults } = await setUp();
    faults.delete = () => Promise.reject(new Error('down'));
    expect(await store.destroy(ID)).toBe(true);
    expect(working.get(KEY)).toBeDefined();
    expect(await store.load(ID)).toBeUndefined();
  });

  it('when a read has fetched the row just before and fills the cache again afterwards', async () => {
    const { store, database, working } = await setUp();
    working.delete!(KEY);
    const fetched = new Barrier();
    database.after = (verb) => (verb === 'load' ? fetched.wait() : Promise.resolve());
    const slowRead = store.load(ID);
    await fetched.reached;
    expect(await store.destroy(ID)).toBe(true);
    fetched.open();
    expect(await slowRead).toMatchObject({ id: ID });
    expect(working.get(KEY)).toBeDefined();
    expect(await store.load(ID)).toBeUndefined();
  });

  it('when a commit is being put into the cache while the session is destroyed', async () => {
    const { store, faults, working } = await setUp();
    const putting = new Barrier();
    const put = new Barrier();
    faults.set = async (key, value, ttl) => {
      await putting.wait();
      await working.set(key, value, ttl);
      put.open();
    };
    await store.commit(ID, 1, CHANGE);
    await putting.reached;
    expect(await store.destroy(ID)).toBe(true);
    putting.open();
    await put.wait();
    expect(working.get(KEY)).toContain('"new"');
    expect(await store.load(ID)).toBeUndefined();
  });

  it('when another process with a cache of its own destroys it', async () => {
    const { store, instance, working } = await setUp();
    const other = await instance(memoryCache());
    expect(await other.store.destroy(ID)).toBe(true);
    expect(working.get(KEY)).toBeDefined();
    expect(await store.load(ID)).toBeUndefined();
  });

  it.each<[string, (real: MemoryStore) => Promise<unknown>]>([
    ['its row is deleted directly', (real) => real.destroy(ID)],
    ['all sessions of the user are ended', (real) => real.destroyByUser('user')],
    ['it is regenerated elsewhere', (real) => real.replace(ID, 1, sessionRecord('f'.repeat(32)))],
  ])('when %s', async (_what, end) => {
    const { store, real, working } = await setUp();
    await real.destroy(ID);
    await store.create(sessionRecord(ID, { userId: 'user' }));
    await end(real);
    expect(working.get(KEY)).toBeDefined();
    expect(await store.load(ID)).toBeUndefined();
  });

  it('when it has expired, by the clock of the application', async () => {
    const { store, clock, working } = await setUp();
    clock.now = 1_000_000;
    expect(working.get(KEY)).toBeDefined();
    expect(await store.load(ID)).toBeUndefined();
  });

  it('and what it left in the cache is dropped when somebody asks for it', async () => {
    const { store, real, working } = await setUp();
    await real.destroy(ID);
    await store.load(ID);
    expect(working.get(KEY)).toBeUndefined();
  });
});

describe('what the cache holds counts only for the version that the database names', () => {
  it('when a slow read puts the version before a commit', async () => {
    const { store, database, working } = await setUp();
    working.delete!(KEY);
    const fetched = new Barrier();
    database.after = (verb) => (verb === 'load' ? fetched.wait() : Promise.resolve());
    const slowRead = store.load(ID);
    await fetched.reached;
    await store.commit(ID, 1, CHANGE);
    fetched.open();
    expect(await slowRead).toMatchObject({ data: '{}', version: 1 });
    expect(working.get(KEY)).toContain(':1:');
    database.after = async () => undefined;
    expect(await store.load(ID)).toMatchObject({ data: '"new"', version: 2 });
  });

  it('when the put after a commit fails', async () => {
    const { store, faults } = await setUp();
    faults.set = () => {
      throw new Error('down');
    };
    expect(await store.commit(ID, 1, CHANGE)).toEqual({ outcome: 'committed' });
    expect(await store.load(ID)).toMatchObject({ data: '"new"', version: 2 });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['no text', { version: 1, data: '"x"' }],
    ['an empty text', ''],
    ['the entry of another session', entry('f'.repeat(32), '1', '"x"')],
    ['an entry that is cut off', ID],
    ['an entry without data', `${ID}:1`],
    ['an entry without its checksum', `${ID}:1:"x"`],
    ['a version that is no number', entry(ID, 'x', '"x"')],
    ['a version that is not there', entry(ID, '7', '"x"')],
  ])('when the cache answers with %s', async (_what, answer) => {
    const { store, faults } = await setUp();
    faults.get = () => answer;
    expect(await store.load(ID)).toEqual(sessionRecord(ID));
  });

  it('with data that has colons in it', async () => {
    const { store, database } = await setUp();
    await store.commit(ID, 1, { ...CHANGE, data: '{"a":":b:"}' });
    database.calls();
    expect((await store.load(ID))?.data).toBe('{"a":":b:"}');
    expect(database.calls()).toEqual(['peek']);
  });

  it('and what the writer under a lock wrote last', async () => {
    const { real, working } = await setUp();
    const database = observed(real).store;
    const again = Object.assign(database, {
      commitExclusively: async (id: string, rebase: (fresh: any) => { change: typeof CHANGE }) => {
        rebase({ ...(await real.load(id)), version: 0 });
        const { change } = rebase(await real.load(id));
        return real.commit(id, 1, change);
      },
    });
    const store = new CachedStore(again, working);
    await store.open({ now: () => 1_000, maxDataSize: 1_000 });
    let round = 0;
    const rebase = () => ({ change: { ...CHANGE, data: `"round ${++round}"` } });
    expect(await store.commitExclusively!(ID, rebase)).toEqual({ outcome: 'committed' });
    expect(working.get(KEY)).toBe(entry(ID, '2', '"round 2"'));
  });

  it('and nothing of a write that the database has refused or failed', async () => {
    const { store, database, working } = await setUp();
    const before = working.get(KEY);
    expect(await store.commit(ID, 7, CHANGE)).toMatchObject({ outcome: 'conflict' });
    expect(await store.create(sessionRecord(ID, { data: '"intruder"' }))).toBe(false);
    const down = new Error('The database is down.');
    database.before = () => Promise.reject(down);
    await expect(store.commit(ID, 1, CHANGE)).rejects.toBe(down);
    expect(working.get(KEY)).toBe(before);
  });
});

describe('an outage of the database', () => {
  it.each<[string, (store: CachedStore) => Promise<unknown>]>([
    ['load', (store) => store.load(ID)],
    ['destroy', (store) => store.destroy(ID)],
    ['touch', (store) => store.touch(ID, 1, CHANGE)],
  ])('is an error of %s, also when the cache has the session', async (_verb, run) => {
    const { store, database } = await setUp();
    const down = new Error('The database is down.');
    database.before = () => Promise.reject(down);
    await expect(run(store)).rejects.toBe(down);
  });
});

describe('a cache that fails changes the speed and nothing else', () => {
  const faults: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ];

  for (const [how, fault] of faults) {
    it(`${how} at every verb of every operation`, async () => {
      const { store, faults: broken, clock, calls, database } = await setUp();
      for (const verb of VERBS) broken[verb] = fault;
      const step = async <T>(work: Promise<T>) => {
        const result = await work;
        // The store has to try the cache each time for this to prove anything.
        expect(calls().length).toBeGreaterThan(0);
        // What the store does in the background has failed once the microtasks have run.
        await nextTurn();
        clock.now += REST;
        return result;
      };
      expect(await step(store.load(ID))).toEqual(sessionRecord(ID));
      expect(await step(store.commit(ID, 1, CHANGE))).toEqual({ outcome: 'committed' });
      const successor = sessionRecord('f'.repeat(32));
      expect(await step(store.replace(ID, 2, successor))).toEqual({ outcome: 'committed' });
      expect(await step(store.load(ID))).toBeUndefined();
      expect(await step(store.load(successor.id))).toEqual(successor);
      expect(await step(store.destroy(successor.id))).toBe(true);
      expect(await step(store.load(successor.id))).toBeUndefined();
      expect(await step(store.create(sessionRecord(ID)))).toBe(true);
      expect(database.calls()).not.toContain('peek');
    });
  }

  it('is left alone for a second after a failure, and is tried by one caller then', async () => {
    const { store, faults: broken, clock, calls } = await setUp();
    broken.get = () => Promise.reject(new Error('down'));
    await store.load(ID);
    expect(calls()).toEqual(['get']);
    clock.now += REST - 1;
    await store.load(ID);
    await store.commit(ID, 1, CHANGE);
    expect(calls()).toEqual([]);
    clock.now += 1;
    await Promise.all([store.load(ID), store.load(ID), store.load(ID)]);
    expect(calls()).toEqual(['get']);
    clock.now += REST;
    broken.get = undefined;
    await store.load(ID);
    await store.load(ID);
    expect(calls()).toEqual(['get', 'set', 'get']);
  });

  it('is reported once when it fails and once when it answers again, without a word of the session', async () => {
    const { store, faults: broken, clock } = await setUp();
    broken.get = () => Promise.reject(new Error('connection refused'));
    for (let reads = 0; reads < 3; reads++) {
      await store.load(ID);
      clock.now += REST;
    }
    broken.get = undefined;
    await store.load(ID);
    await store.load(ID);
    expect(warn.mock.calls).toEqual([
      ['The session cache fails, and sessions are read from the database alone: connection refused'],
    ]);
    expect(log.mock.calls).toEqual([['The session cache answers again.']]);
  });

  it('gets entries that live no longer than the session, and an hour at the most', async () => {
    const { store, faults: broken } = await setUp();
    const lives: number[] = [];
    broken.set = (_key, _value, ttl) => lives.push(ttl);
    await store.create(sessionRecord('a'.repeat(32), { expiresAt: 61_000 }));
    await store.create(sessionRecord('b'.repeat(32), { expiresAt: 90_000_000 }));
    await store.create(sessionRecord('c'.repeat(32), { expiresAt: 1_000 }));
    expect(lives).toEqual([60_000, 3_600_000]);
  });

  it('may call its delete del', async () => {
    const { instance, working } = await setUp();
    const dropped: string[] = [];
    const del = async (key: string) => dropped.push(key);
    const { get, set } = working;
    const { store } = await instance({ get: get.bind(working), set: set.bind(working), del });
    expect(await store.destroy(ID)).toBe(true);
    expect(dropped).toEqual([KEY]);
  });
});

describe('a cache that hangs', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('holds up one read for as long as its patience, and the others not at all', async () => {
    const { store, faults, calls } = await setUp();
    faults.get = forEver;
    let isDone = false;
    const read = store.load(ID).finally(() => (isDone = true));
    await jest.advanceTimersByTimeAsync(PATIENCE - 1);
    expect(isDone).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(await read).toEqual(sessionRecord(ID));
    calls();
    expect(await store.load(ID)).toEqual(sessionRecord(ID));
    expect(calls()).toEqual([]);
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`did not answer within ${PATIENCE} ms`)]]);
  });

  it('does not hold up create, commit, replace and destroy', async () => {
    const { store, faults } = await setUp();
    for (const verb of ['set', 'delete'] as const) faults[verb] = forEver;
    const other = sessionRecord('e'.repeat(32));
    const successor = sessionRecord('f'.repeat(32));
    expect(await store.create(other)).toBe(true);
    expect(await store.commit(ID, 1, CHANGE)).toEqual({ outcome: 'committed' });
    expect(await store.replace(ID, 2, successor)).toEqual({ outcome: 'committed' });
    expect(await store.destroy(successor.id)).toBe(true);
  });

  it('holds up the shutdown for as long as its patience', async () => {
    const { store, faults } = await setUp();
    faults.set = forEver;
    await store.commit(ID, 1, CHANGE);
    let isClosed = false;
    const closing = store.close().finally(() => (isClosed = true));
    await jest.advanceTimersByTimeAsync(PATIENCE - 1);
    expect(isClosed).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await closing;
  });

  it('may fail long after anybody has waited for it', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const { store, faults } = await setUp();
      let fail!: (error: Error) => void;
      faults.get = () => new Promise((_, reject) => (fail = reject));
      const read = store.load(ID);
      await jest.advanceTimersByTimeAsync(PATIENCE);
      await read;
      fail(new Error('too late'));
      // Unhandled rejections are reported once the microtasks have run.
      await nextTurn();
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });
});
