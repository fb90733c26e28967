import { describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import { memoryStore } from '../../lib/stores/memory.store.definition.js';
import type { SessionRecord } from '../../lib/stores/session-record.js';

describeSessionStore('MemoryStore', () => new MemoryStore(200_000), { expiredRecords: 100_000 });

function opened(max: number) {
  const clock = { now: 1_000 };
  const store = new MemoryStore(max);
  store.open({ now: () => clock.now, maxDataSize: 1_048_576 });
  return { store, clock };
}

function record(id: string, fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id,
    secretHash: 'hash',
    previousHash: null,
    previousUntil: null,
    data: '{}',
    version: 1,
    userId: 'user',
    createdAt: 0,
    authenticatedAt: null,
    lastSeenAt: 0,
    expiresAt: 10_000,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
    ...fields,
  };
}

async function present(store: MemoryStore, ids: readonly string[]) {
  const found = await store.findByUser('user');
  return ids.filter((id) => found.some((session) => session.id === id));
}

describe('a full MemoryStore', () => {
  it('evicts the least recently used session, whose user is logged out', async () => {
    const { store } = opened(3);
    for (const id of ['a', 'b', 'c', 'd']) expect(await store.create(record(id))).toBe(true);
    expect(await present(store, ['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd']);
    expect(await store.load('a')).toBeUndefined();
    expect(await store.commit('a', 1, { data: '{}', lastSeenAt: 0, expiresAt: 9_000 })).toEqual({
      outcome: 'gone',
    });
  });

  it.each([
    ['load', (store: MemoryStore) => store.load('a')],
    ['commit', (store: MemoryStore) => store.commit('a', 1, { data: '', lastSeenAt: 1, expiresAt: 9_000 })],
    ['touch', (store: MemoryStore) => store.touch('a', 1, { lastSeenAt: 1, expiresAt: 9_000 })],
    ['rotate', (store: MemoryStore) => store.rotate('a', 'hash', { secretHash: 'x', previousUntil: 2_000 })],
  ])('takes %s for a use', async (_verb, use) => {
    const { store } = opened(2);
    await store.create(record('a'));
    await store.create(record('b'));
    await use(store);
    await store.create(record('c'));
    expect(await present(store, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  it('drops expired sessions before it evicts a live one', async () => {
    const { store, clock } = opened(3);
    await store.create(record('a'));
    await store.create(record('b', { expiresAt: 2_000 }));
    await store.create(record('c'));
    clock.now = 2_000;
    await store.create(record('d'));
    expect(await present(store, ['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
  });

  it('notices a session whose commit or touch has moved its expiry to an earlier time', async () => {
    const { store, clock } = opened(2);
    await store.create(record('a'));
    await store.create(record('b'));
    await store.commit('b', 1, { data: '{}', lastSeenAt: 1, expiresAt: 2_000 });
    clock.now = 2_000;
    await store.create(record('c'));
    expect(await present(store, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  it('evicts nobody for an id that is taken, nor for a replacement', async () => {
    const { store } = opened(2);
    await store.create(record('a'));
    await store.create(record('b'));
    expect(await store.create(record('b'))).toBe(false);
    expect(await store.replace('b', 1, record('c'))).toEqual({ outcome: 'committed' });
    expect(await present(store, ['a', 'b', 'c'])).toEqual(['a', 'c']);
  });

  it('forgets the users whose sessions are all gone', async () => {
    const { store } = opened(2);
    const users = (store as unknown as { idsByUser: Map<string, Set<string>> }).idsByUser;
    await store.create(record('a', { userId: 'one' }));
    await store.create(record('b', { userId: 'one' }));
    await store.destroy('a');
    expect([...users.get('one')!]).toEqual(['b']);
    await store.replace('b', 1, record('c', { userId: 'two' }));
    expect([...users.keys()]).toEqual(['two']);
  });

  it('6.8 never holds more than its limit', async () => {
    const { store, clock } = opened(5);
    for (let index = 0; index < 100; index++) await store.create(record(`s${index}`));
    expect(await store.findByUser('user')).toHaveLength(5);
    clock.now = 10_000;
    expect(await store.clearExpired()).toBe(5);
  });
});

describe('clearExpired of a MemoryStore', () => {
  it('lets other work run between two batches', async () => {
    const { store, clock } = opened(100);
    for (let index = 0; index < 20; index++) await store.create(record(`s${index}`));
    clock.now = 10_000;
    const events: string[] = [];
    setImmediate(() => events.push('other work'));
    await store.clearExpired({ batchSize: 10, onProgress: (cleared) => events.push(`cleared ${cleared}`) });
    expect(events).toEqual(['cleared 10', 'other work', 'cleared 20']);
  });
});

describe('memoryStore()', () => {
  it('gives a definition that makes a bounded store', async () => {
    const definition = memoryStore({ max: 1 }) as { useFactory: () => MemoryStore };
    const store = definition.useFactory();
    store.open({ now: () => 0, maxDataSize: 1 });
    await store.create(record('a'));
    await store.create(record('b'));
    expect(await present(store, ['a', 'b'])).toEqual(['b']);
  });

  it.each([0, -1, 1.5, Number.NaN, '10'])('refuses the limit %p', (max) => {
    expect(() => memoryStore({ max: max as number })).toThrow(
      new RangeError(`memoryStore: \`max\` must be a whole number of at least 1, got ${String(max)}.`),
    );
  });
});
