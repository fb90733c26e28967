import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { SessionStore } from 'nest-sessions';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { jsonSerializer } from '../../lib/core/json.serializer.js';
import { SessionEvents } from '../../lib/core/session-events.js';
import { SessionMutex } from '../../lib/core/session-mutex.js';
import type { SessionSettings } from '../../lib/core/session-settings.js';
import { CachedStore } from '../../lib/stores/cached/cached.store.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import { Clock } from '../support/clock.js';
import { describeEachDatabase, type ScratchDatabase } from '../support/databases.js';
import { peeking } from '../support/peeking.store.js';
import { openSessionTable } from '../support/session-table.js';

describeEachDatabase(
  'The lock of a session between processes',
  ({ create }) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;
    let store: SessionStore;
    let clock: Clock;
    let session: { id: string; absoluteExpiresAt: null };

    beforeAll(async () => {
      scratch = await create();
      dataSource = await openSessionTable(scratch.options);
    });
    afterAll(async () => {
      await dataSource?.destroy();
      await scratch?.drop();
    });
    beforeEach(async () => {
      clock = new Clock();
      store = new TypeOrmStore(dataSource, SessionEntity);
      await store.open?.({ now: clock.now, maxDataSize: 1_048_576 });
      session = { id: randomBytes(16).toString('hex'), absoluteExpiresAt: null };
    });
    afterEach(() => store.close?.());

    /** The lock as another process sees it, which waits for `patience` ms. */
    const mutex = (patience = 0, over = store) =>
      new SessionMutex(
        over,
        { now: clock.now, serializer: jsonSerializer } as SessionSettings,
        new SessionEvents(),
        patience,
      );

    it('is had by one process at a time', async () => {
      const release = await mutex().acquire(session);
      await expect(mutex().acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
      await release();
      await (
        await mutex().acquire(session)
      )();
    });

    it('is taken over from a process that died with it', async () => {
      const late = await mutex().acquire(session);
      clock.advance(29);
      await expect(mutex().acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
      clock.advance(1);
      const release = await mutex().acquire(session);
      // The first one was only slow: what it lets go is its own no more.
      await late();
      await expect(mutex().acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
      await release();
      await (
        await mutex().acquire(session)
      )();
    });

    it('is taken over by one of two processes at once', async () => {
      await mutex().acquire(session);
      clock.advance(30);
      const tries = await Promise.allSettled([mutex().acquire(session), mutex().acquire(session)]);
      expect(tries.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    });

    it('is not mistaken for the one before, behind the caches of two processes', async () => {
      const [here, there] = await Promise.all(
        [0, 1].map(async () => {
          const cached = new CachedStore(peeking(store), memoryCache());
          await cached.open({ now: clock.now, maxDataSize: 1_048_576 });
          return mutex(0, cached);
        }),
      );
      const first = await here!.acquire(session);
      await expect(there!.acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
      clock.advance(29);
      await first();
      const second = await here!.acquire(session);
      clock.advance(2);
      await expect(there!.acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
      await second();
    });

    it('is held on to for as long as the process lives', async () => {
      jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout'] });
      try {
        const release = await mutex().acquire(session);
        for (let round = 0; round < 5; round++) {
          clock.advance(10);
          const renewed = committed(store);
          jest.advanceTimersByTime(10_000);
          await renewed;
        }
        await expect(mutex().acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
        await release();
        await (
          await mutex().acquire(session)
        )();
      } finally {
        jest.useRealTimers();
      }
    });

    it('is let go within the process by who has lost patience', async () => {
      // Long enough for what comes third, and as short as that leaves for what comes second.
      const own = mutex(1_000);
      const release = await own.acquire(session);
      await expect(own.acquire(session)).rejects.toMatchObject({ name: 'SessionContentionError' });
      const next = own.acquire(session);
      await release();
      await (
        await next
      )();
    });
  },
  ({ inMemory }) => !inMemory,
);

/** Settles when the store has committed something. */
function committed(store: SessionStore): Promise<void> {
  const commit = store.commit.bind(store);
  return new Promise((resolve) => {
    store.commit = async (...args) => {
      const result = await commit(...args);
      setImmediate(resolve);
      store.commit = commit;
      return result;
    };
  });
}
