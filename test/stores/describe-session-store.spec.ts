import { describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import type { SessionRecord } from '../../lib/stores/session-record.js';
import type { SessionStoreCapabilities } from '../../lib/stores/session-store.js';
import { runTiny, withGlobals } from '../support/tiny.runner.js';

/** The records themselves, to write what no verb allows. */
function inside(store: MemoryStore): Map<string, SessionRecord> {
  return (store as unknown as { records: Map<string, SessionRecord> }).records;
}

type Breakage = (store: MemoryStore) => Partial<MemoryStore>;

const check = (breakage: Breakage, options = {}) =>
  runTiny(() =>
    describeSessionStore(
      'a store',
      () => {
        const store = new MemoryStore(10_000);
        return Object.assign(store, breakage({ ...bound(store) } as MemoryStore));
      },
      { maxDataSize: 10_000, ...options },
    ),
  );

/** The verbs as they were, to be called by those that take their place. */
function bound(store: MemoryStore) {
  const verbs = [
    'load',
    'create',
    'commit',
    'replace',
    'touch',
    'rotate',
    'destroy',
    'clearExpired',
  ] as const;
  const byUser = ['findByUser', 'destroyByUser'] as const;
  const entries = [...verbs, ...byUser].map((verb) => [verb, (store[verb] as Function).bind(store)]);
  return { ...Object.fromEntries(entries), records: inside(store) };
}

const MANY = /^clears 1000 expired records in batches of 10, and no live one, while sessions are used$/;

describe('describeSessionStore', () => {
  it('passes a store that keeps the contract', async () => {
    const { failed, passed } = await check(() => ({}));
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThan(70);
  });

  it.each<[string, Breakage, RegExp]>([
    [
      'creates over a taken id',
      (store) => ({
        create: async (record) => {
          inside(store).delete(record.id);
          return store.create(record);
        },
      }),
      /refuses an id that is taken/,
    ],
    [
      'upserts on commit',
      (store) => ({
        commit: async (id, version, change) => {
          const result = await store.commit(id, version, change);
          if (result.outcome !== 'gone') return result;
          inside(store).set(id, { id, version, ...change } as SessionRecord);
          return { outcome: 'committed' };
        },
      }),
      /commit at the same time as destroy never resurrects|an absent record is gone/,
    ],
    [
      'reads and then writes without comparing again',
      (store) => ({
        commit: async (id, version, change) => {
          const record = await store.load(id);
          if (!record) return { outcome: 'gone' };
          if (record.version !== version) return { outcome: 'conflict' };
          await Promise.resolve();
          inside(store).set(id, { ...record, ...change, version: version + 1 });
          return { outcome: 'committed' };
        },
      }),
      /26 parallel writers of different keys lose nothing/,
    ],
    [
      'touches whatever the version',
      (store) => ({
        touch: async (id, _version, activity) =>
          store.touch(id, (await store.load(id))?.version ?? 0, activity),
      }),
      /touch does nothing for another version/,
    ],
    [
      'raises the version on touch',
      (store) => ({
        touch: async (id, version, activity) => {
          const touched = await store.touch(id, version, activity);
          if (touched) inside(store).get(id)!.version++;
          return touched;
        },
      }),
      /touch moves the activity, and neither data nor version/,
    ],
    [
      'rotates whatever the hash',
      (store) => ({
        rotate: async (id, hash, rotation) =>
          store.rotate(id, (await store.load(id))?.secretHash ?? hash, rotation),
      }),
      /rotate does nothing unless the hash is the expected one/,
    ],
    [
      'always says that it destroyed',
      (store) => ({ destroy: async (id) => (await store.destroy(id)) || true }),
      /destroy tells only one of two callers/,
    ],
    [
      'replaces in two steps',
      (store) => ({
        replace: async (id, version, record) => {
          const old = await store.load(id);
          if (!old) return { outcome: 'gone' };
          if (old.version !== version) return { outcome: 'conflict', fresh: old };
          await store.create(record);
          await store.destroy(id);
          return { outcome: 'committed' };
        },
      }),
      /at most one of two replacements/,
    ],
    [
      'gives out the records that it keeps',
      (store) => ({ load: async (id) => (await store.load(id)) && inside(store).get(id) }),
      /caller’s own/,
    ],
    [
      'finds what has expired',
      (store) => ({ load: async (id) => inside(store).get(id) && { ...inside(store).get(id)! } }),
      /until the millisecond before expiresAt/,
    ],
    [
      'clears in one step whatever the batch',
      (store) => ({
        clearExpired: async (options) => store.clearExpired({ ...options, batchSize: 1_000 }),
      }),
      /deletes in batches/,
    ],
    [
      'clears on when aborted',
      (store) => ({ clearExpired: async (options) => store.clearExpired({ ...options, signal: undefined }) }),
      /stops between two batches when aborted/,
    ],
    [
      'holds up all others until it has cleared everything',
      (store) => {
        let clearing: Promise<unknown> = Promise.resolve();
        return {
          clearExpired: (options) => (clearing = store.clearExpired(options)) as Promise<number>,
          load: (id) => clearing.then(() => store.load(id)),
        };
      },
      MANY,
    ],
    [
      'gives up clearing after fifty batches',
      (store) => ({
        clearExpired: ({ signal, onProgress } = {}) => {
          const tired = new AbortController();
          const signals = [tired.signal, ...(signal ? [signal] : [])];
          return store.clearExpired({
            batchSize: 10,
            signal: AbortSignal.any(signals),
            onProgress: (cleared) => {
              onProgress?.(cleared);
              if (cleared >= 500) tired.abort();
            },
          });
        },
      }),
      MANY,
    ],
    [
      'clears a live session after five hundred expired ones',
      (store) => ({
        clearExpired: async (options) => {
          const cleared = await store.clearExpired(options);
          if (cleared > 500) inside(store).delete([...inside(store).keys()].at(-1)!);
          return cleared;
        },
      }),
      MANY,
    ],
    [
      'counts from the beginning after every fifty batches',
      (store) => ({
        clearExpired: ({ onProgress, ...options } = {}) =>
          store.clearExpired({ ...options, onProgress: (cleared) => onProgress?.(cleared % 500) }),
      }),
      MANY,
    ],
    [
      'lists users in any order',
      (store) => ({ findByUser: async (userId) => (await store.findByUser(userId)).toReversed() }),
      /last seen first/,
    ],
    [
      'takes Bob for bob',
      (store) => ({
        findByUser: async (userId) => store.findByUser(userId.toLowerCase()),
      }),
      /takes users apart letter by letter/,
    ],
    [
      'cuts off data',
      (store) => ({
        create: async (record) => store.create({ ...record, data: record.data.slice(0, 9_999) }),
      }),
      /exactly the largest size/,
    ],
  ])('fails a store that %s', async (_what, breakage, title) => {
    const { failed } = await check(breakage);
    expect(failed).toContainEqual(expect.stringMatching(title));
  });

  it('skips what a store leaves out, with the reason in the title', async () => {
    const capabilities: SessionStoreCapabilities = {
      atomicCommit: 'everywhere',
      userIndex: false,
      revocable: true,
    };
    const breakage = () => ({ capabilities, findByUser: undefined, destroyByUser: undefined }) as never;
    const { failed, skipped } = await check(breakage, { skip: { userIndex: 'a key-value store' } });
    expect(failed).toEqual([]);
    expect(skipped.length).toBeGreaterThan(5);
    expect(skipped[0]).toMatch(/\(skipped, no userIndex: a key-value store\)$/);
  });

  it('fails a store that leaves something out without saying so, and one that skips what it has', async () => {
    const title = 'has a name and the capabilities that the tests rely on';
    const capabilities = { atomicCommit: 'everywhere', userIndex: true, revocable: false } as const;
    expect((await check(() => ({ capabilities }) as never)).failed).toContain(title);
    const skipping = await check(() => ({}), { skip: { revocable: 'no reason' } });
    expect(skipping.failed).toContain(title);
  });

  it('says what is missing where the test functions are not global', () => {
    const define = () => describeSessionStore('a store', () => new MemoryStore(1));
    expect(() => withGlobals({ it: undefined, afterEach: undefined }, define)).toThrow(
      /needs the global it, afterEach: .*Vitest with `test: \{ globals: true \}`/,
    );
  });
});
