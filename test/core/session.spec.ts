import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import {
  SessionInterruptedError,
  SessionModule,
  SessionService,
  SessionStore,
  type Session,
  type SessionModuleOptions,
} from 'nest-sessions';
import { ActiveSession } from '../../lib/core/active-session.js';
import { SessionRepository } from '../../lib/core/session.repository.js';
import { Clock } from '../support/clock.js';
import { memory } from '../support/memory.js';

let app: INestApplicationContext;
let sessions: SessionService;
let clock: Clock;
let store: SessionStore;

async function start(options: SessionModuleOptions = {}): Promise<void> {
  clock = new Clock();
  store = memory();
  @Module({ imports: [SessionModule.forRoot({ store, now: clock.now, ...options })] })
  class AppModule {}
  app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  sessions = app.get(SessionService);
}

beforeEach(() => start());
afterEach(() => app.close());

/** What another request would find now. */
const stored = async (session: Session) => (await sessions.open(session.id!))?.toJSON();

describe('The dictionary that a session is', () => {
  let session: Session;

  beforeEach(async () => {
    session = await sessions.create({ name: 'Ada', n: 1, deep: { list: [1] }, none: null, empty: '' });
  });

  it('gives values, and the fallback for a missing key only', () => {
    expect(session.get('name', 'Guest')).toBe('Ada');
    expect(session.get('missing')).toBeUndefined();
    expect(session.get('missing', 'Guest')).toBe('Guest');
    expect(session.get('none', 'Guest')).toBeNull();
    expect(session.get('empty', 'Guest')).toBe('');
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'has no key %s that nobody has set',
    (key) => {
      expect(session.get(key, 'none')).toBe('none');
      expect(session.has(key)).toBe(false);
      expect(session.delete(key)).toBe(false);
    },
  );

  it('deletes a key and says whether there was one', () => {
    expect(session.delete('name')).toBe(true);
    expect(session.delete('name')).toBe(false);
    expect(session.has('name')).toBe(false);
  });

  it('is not modified by deleting a key that is not there', () => {
    session.delete('missing');
    session.pop('missing');
    expect(session.isModified).toBe(false);
  });

  it('takes a value out with pop()', () => {
    expect(session.pop('n')).toBe(1);
    expect(session.pop('n', 'gone')).toBe('gone');
  });

  it('sets a default once', () => {
    expect(session.setDefault('n', 5)).toBe(1);
    expect(session.setDefault('m', 5)).toBe(5);
    expect(session.get('m')).toBe(5);
  });

  it('updates several keys, and one by a function', () => {
    expect(session.update({ a: 1, b: 2 })).toBe(session);
    expect(session.update('a', (a) => a + 1)).toBe(2);
    expect(session.get('b')).toBe(2);
  });

  it('iterates as a Map does', () => {
    expect(session.size).toBe(5);
    expect([...session.keys()]).toEqual(['name', 'n', 'deep', 'none', 'empty']);
    expect([...session.values()]).toEqual(['Ada', 1, { list: [1] }, null, '']);
    expect(Object.fromEntries(session)).toEqual(session.toJSON());
    expect(Object.fromEntries(session.entries())).toEqual({ ...session.data });
  });

  it('notices a mutation of whatever it has given out', async () => {
    (session.get('deep') as any).list.push(2);
    expect(session.isModified).toBe(true);
    await session.save();
    for (const value of session.values()) {
      (value as any)?.list?.push(3);
    }
    await session.save();
    expect(await stored(session)).toMatchObject({ deep: { list: [1, 2, 3] } });
  });

  it('is not modified by setting the same value again', () => {
    session.set('deep', { list: [1] });
    expect(session.isModified).toBe(false);
  });

  it('drops its data with clear() and stays the same session', async () => {
    const { id } = session;
    session.clear();
    expect(session.isEmpty).toBe(true);
    await session.save();
    expect(session.id).toBe(id);
    expect(await stored(session)).toEqual({});
  });

  it.each(['$expiry', '__proto__'])('refuses the key %s', (key) => {
    expect(() => session.set(key, 1)).toThrow(/cannot be stored/);
    expect(() => session.update(key, () => 1)).toThrow(/cannot be stored/);
  });

  it('6.9 shows neither token nor values when it is inspected', () => {
    expect(inspect(session)).toBe(`Session { id: ${session.id}, keys: [name, n, deep, none, empty] }`);
  });

  it('becomes its data in JSON', () => {
    expect(JSON.parse(JSON.stringify(session))).toEqual({
      name: 'Ada',
      n: 1,
      deep: { list: [1] },
      none: null,
      empty: '',
    });
  });
});

describe('Flash values and the test cookie', () => {
  it('gives a flash value once, to the next request', async () => {
    const { id } = await sessions.create();
    const before = (await sessions.open(id!))!;
    before.flash('notice', { text: 'Saved.' });
    await before.save();
    const next = (await sessions.open(id!))!;
    expect(next.flash('notice')).toEqual({ text: 'Saved.' });
    expect(next.flash('notice')).toBeUndefined();
    await next.save();
    expect((await sessions.open(id!))!.flash('notice')).toBeUndefined();
  });

  it('keeps them out of the data', async () => {
    const session = await sessions.create({ a: 1 });
    session.flash('notice', 'Saved.');
    session.setTestCookie();
    expect(session.toJSON()).toEqual({ a: 1 });
    expect(session.size).toBe(1);
  });

  it('sees on a later request, not before, that the test cookie has worked', async () => {
    const { id } = await sessions.create();
    const first = (await sessions.open(id!))!;
    expect(first.testCookieWorked()).toBe(false);
    first.setTestCookie();
    expect(first.testCookieWorked()).toBe(false);
    await first.save();
    const second = (await sessions.open(id!))!;
    expect(second.testCookieWorked()).toBe(true);
    second.deleteTestCookie();
    second.deleteTestCookie();
    await second.save();
    expect((await sessions.open(id!))!.testCookieWorked()).toBe(false);
  });
});

describe('Expiry', () => {
  const DAY = 24 * 3600;
  const record = async (session: Session) => (await store.load(session.id!))!;

  it('follows the module by default: 14 days idle, at most 30 days', async () => {
    const session = await sessions.create();
    expect(session.getExpiryAge()).toBe(14 * DAY);
    expect(session.expiresAtBrowserClose).toBe(false);
    clock.advance(13 * DAY);
    const later = (await sessions.open(session.id!))!;
    later.set('a', 1);
    await later.save();
    clock.advance(13 * DAY);
    const last = (await sessions.open(session.id!))!;
    expect(last.getExpiryAge()).toBe(4 * DAY);
    last.set('a', 2);
    await last.save();
    clock.advance(4 * DAY - 1);
    expect(await sessions.open(session.id!)).toBeDefined();
    clock.advance(1);
    expect(await sessions.open(session.id!)).toBeUndefined();
  });

  it.each<[string, any, number, boolean]>([
    ['seconds', 60, 60, false],
    ['a duration', '2h', 7200, false],
    ['0, until the browser is closed', 0, 14 * DAY, true],
    ["'browser'", 'browser', 14 * DAY, true],
    ['a Date', new Date(Date.parse('2026-01-01T12:01:30.900Z')), 90, false],
  ])('takes %s', async (_, value, age, atBrowserClose) => {
    const session = await sessions.create({ a: 1 });
    session.setExpiry(value);
    await session.save();
    expect(session.getExpiryAge()).toBe(age);
    const later = (await sessions.open(session.id!))!;
    expect(later.expiresAtBrowserClose).toBe(atBrowserClose);
    clock.advance(age - 1);
    expect(await sessions.open(session.id!)).toBeDefined();
    clock.advance(2);
    expect(await sessions.open(session.id!)).toBeUndefined();
  });

  it('goes back to the module with null', async () => {
    const session = await sessions.create({ a: 1 });
    session.setExpiry(60);
    await session.save();
    session.setExpiry(null);
    await session.save();
    expect(session.getExpiryAge()).toBe(14 * DAY);
    expect((await record(session)).data).toBe('{"a":1}');
  });

  it.each([-1, NaN, Infinity, '30', 'soon', '', '-5m', {}, new Date(0), new Date(NaN), undefined, true])(
    'refuses %p',
    async (value) => {
      const session = await sessions.create();
      expect(() => session.setExpiry(value as any)).toThrow(RangeError);
    },
  );

  it('never lives beyond the absolute timeout, whatever setExpiry() says', async () => {
    const session = await sessions.create({ a: 1 });
    session.setExpiry('90d');
    await session.save();
    expect(session.getExpiryAge()).toBe(30 * DAY);
  });

  it('is moved by use also where it is shorter than touchInterval', async () => {
    const session = await sessions.create({ a: 1 });
    session.setExpiry(20);
    await session.save();
    for (let step = 0; step < 10; step++) {
      clock.advance(10);
      await sessions.run((await sessions.open(session.id!))!, async () => undefined);
    }
    expect(await sessions.open(session.id!)).toBeDefined();
  });

  it('is not moved by use when it is a Date', async () => {
    const session = await sessions.create({ a: 1 });
    session.setExpiry(new Date(clock.now() + 3600_000));
    await session.save();
    const { expiresAt } = await record(session);
    clock.advance(1800);
    const later = (await sessions.open(session.id!))!;
    later.set('a', 2);
    await later.save();
    expect((await record(session)).expiresAt).toBe(expiresAt);
  });

  it('is not a reason to store a session', async () => {
    const session = new ActiveSession(app.get(SessionRepository), { client: { ip: null, userAgent: null } });
    session.setExpiry(60);
    expect(session.settle()).toBeUndefined();
    session.set('a', 1);
    await session.settle();
    expect((await store.load(session.id!))!.expiresAt).toBe(clock.now() + 60_000);
  });

  it('is moved by writes only when touchInterval is false, as in Django', async () => {
    await app.close();
    await start({ touchInterval: false });
    const session = await sessions.create({ a: 1 });
    clock.advance(3600);
    await sessions.run((await sessions.open(session.id!))!, async () => undefined);
    expect((await record(session)).lastSeenAt).toBe(clock.now() - 3600_000);
    session.set('a', 2);
    await session.save();
    expect((await record(session)).lastSeenAt).toBe(clock.now());
  });

  it('is unlimited without absoluteTimeout', async () => {
    await app.close();
    await start({ absoluteTimeout: false });
    const session = await sessions.create();
    session.setExpiry('90d');
    session.set('a', 1);
    await session.save();
    expect(session.getExpiryAge()).toBe(90 * DAY);
  });
});

describe('SessionService', () => {
  it('opens nothing for an unknown or malformed id', async () => {
    expect(await sessions.open('0'.repeat(32))).toBeUndefined();
    expect(await sessions.open('../../etc/passwd')).toBeUndefined();
    expect(await sessions.open(undefined as any)).toBeUndefined();
  });

  it('says what to do when there is no session here', async () => {
    await expect(sessions.current()).rejects.toThrow(/SessionService\.run\(\)/);
  });

  it('runs a job with a session and commits at its end', async () => {
    const session = await sessions.create({ n: 1 });
    const result = await sessions.run(session, async () => {
      const current = await sessions.current();
      expect(current).toBe(session);
      current.update('n', (n) => n + 1);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await stored(session)).toEqual({ n: 2 });
  });

  it('drops the changes of a job that throws', async () => {
    const session = await sessions.create({ n: 1 });
    const failing = sessions.run((await sessions.open(session.id!))!, async () => {
      (await sessions.current()).set('n', 2);
      throw new Error('job failed');
    });
    await expect(failing).rejects.toThrow('job failed');
    expect(await stored(session)).toEqual({ n: 1 });
  });

  it('gives a job with an unknown token an empty session that is not stored', async () => {
    await sessions.run('nonsense', async () => {
      const session = await sessions.current();
      expect(session.isNew).toBe(true);
      session.set('a', 1);
      await expect(session.save()).rejects.toThrow(/SessionService\.create\(\)/);
    });
    expect(await store.clearExpired()).toBe(0);
  });

  it('keeps nested runs apart', async () => {
    const outer = await sessions.create({ name: 'outer' });
    const inner = await sessions.create({ name: 'inner' });
    await sessions.run(outer, async () => {
      await sessions.run(inner, async () => expect((await sessions.current()).get('name')).toBe('inner'));
      expect((await sessions.current()).get('name')).toBe('outer');
    });
  });

  it('refuses to run with anything but a token or one of its sessions', async () => {
    await expect(sessions.run({} as any, () => 1)).rejects.toThrow(TypeError);
  });

  it('clears expired sessions, reports progress and tells how many in an event', async () => {
    const events: unknown[] = [];
    sessions.events.subscribe((event) => events.push(event));
    for (let n = 0; n < 25; n++) {
      await sessions.create({ n });
    }
    clock.advance(14 * 24 * 3600);
    const alive = await sessions.create();
    const progress: number[] = [];
    expect(await sessions.clearExpired({ batchSize: 10, onProgress: (count) => progress.push(count) })).toBe(
      25,
    );
    expect(progress).toEqual([10, 20, 25]);
    expect(events).toContainEqual({ type: 'expired', count: 25 });
    expect(await sessions.open(alive.id!)).toBeDefined();
  });

  it('drops what is not committed with reload(), and shows what others have written', async () => {
    const session = await sessions.create({ a: 1, b: 1 });
    const { data } = session;
    const other = (await sessions.open(session.id!))!;
    other.set('b', 2);
    await other.save();
    session.set('a', 'dropped');
    await session.reload();
    expect(data).toEqual({ a: 1, b: 2 });
    expect(session.isModified).toBe(false);
  });

  it('tells save() and reload() when the session was ended by another request', async () => {
    const session = await sessions.create({ a: 1 });
    await (await sessions.open(session.id!))!.flush();
    session.set('a', 2);
    await expect(session.save()).rejects.toThrow(SessionInterruptedError);
    await expect(session.save()).rejects.toThrow(SessionInterruptedError);
    const reloaded = await sessions.create({ a: 1 });
    await (await sessions.open(reloaded.id!))!.flush();
    await expect(reloaded.reload()).rejects.toThrow(SessionInterruptedError);
  });

  it('starts a new session when something is written after flush()', async () => {
    const session = await sessions.create({ a: 1 });
    const { id } = session;
    await session.flush();
    await session.flush();
    expect(session.isNew).toBe(true);
    expect(session.isEmpty).toBe(true);
    session.set('b', 2);
    await session.save();
    expect(session.id).not.toBe(id);
    expect(await stored(session)).toEqual({ b: 2 });
    expect(await sessions.open(id!)).toBeUndefined();
  });

  it('keeps the absolute timer and the expiry through regenerate()', async () => {
    const session = await sessions.create({ a: 1 });
    session.setExpiry(3600);
    await session.save();
    const { id } = session;
    const before = (await store.load(id!))!;
    clock.advance(1800);
    await session.regenerate();
    await session.save();
    const after = (await store.load(session.id!))!;
    expect(session.id).not.toBe(id);
    expect(after.absoluteExpiresAt).toBe(before.absoluteExpiresAt);
    expect(after.createdAt).toBe(before.createdAt);
    expect(after.secretHash).not.toBe(before.secretHash);
    expect(after.expiresAt).toBe(clock.now() + 3600_000);
    expect(await store.load(id!)).toBeUndefined();
  });

  it.each([
    ['a value beyond maxDataSize', { big: 'x'.repeat(2000), small: 1 }, /"big" \(2010 bytes\)/],
    ['as many bytes in other scripts', { big: 'ж'.repeat(600) }, /maxDataSize allows \(1000\)/],
  ])('6.8 refuses %s and names the biggest keys', async (_, data, message) => {
    await app.close();
    await start({ maxDataSize: 1000 });
    await expect(sessions.create(data)).rejects.toThrow(message);
  });

  it('takes exactly maxDataSize bytes', async () => {
    await app.close();
    await start({ maxDataSize: 1000 });
    const session = await sessions.create({ big: 'x'.repeat(1000 - '{"big":""}'.length) });
    expect(session.isNew).toBe(false);
  });
});
