import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FileWorker } from '../support/file-workers.js';
import {
  filesIn,
  IMPATIENT,
  newRecord,
  openFileStore,
  pathOf,
  temporaryDirectories,
} from '../support/file-stores.js';

const { FILE_CRASH_ROUNDS = '200' } = process.env;
const ROUNDS = Number(FILE_CRASH_ROUNDS);
const newDirectory = temporaryDirectories();

const change = (n: number) => ({
  data: `{"n":${n}}`,
  lastSeenAt: Date.now(),
  expiresAt: Date.now() + 3_600_000,
});

/** What the killed process has been told that is there, or is not. */
interface Acknowledged {
  counted: number;
  moved: string | undefined;
  readonly alive: Set<string>;
  readonly dead: Set<string>;
}

function take(messages: readonly any[], acknowledged: Acknowledged): void {
  const { alive, dead } = acknowledged;
  for (const { counted, moved, created, destroying, destroyed } of messages) {
    if (counted !== undefined) acknowledged.counted = counted;
    if (moved) acknowledged.moved = moved;
    if (created) alive.add(created);
    if (destroying) alive.delete(destroying);
    if (destroyed) dead.add(destroyed);
  }
}

describe('A process that is killed while it writes', () => {
  it(`leaves no torn record, no lock and no second session, and loses nothing acknowledged (${ROUNDS} times)`, async () => {
    const directory = await newDirectory();
    const { store, clock } = await openFileStore(directory, IMPATIENT);
    const acknowledged: Acknowledged = { counted: 0, moved: undefined, alive: new Set(), dead: new Set() };
    let [next, ended] = [new FileWorker('file-writer', directory), Promise.resolve()];
    let kills = 0;
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const worker = next;
        await worker.reports(1);
        worker.begin();
        next = new FileWorker('file-writer', directory);
        await worker.reports(2 + Math.floor(Math.random() * 8));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
        ended = worker.kill();
        await ended;
        expect(worker.complaint).toBe('');
        kills += 1;
        clock.now = Date.now();
        take(worker.messages, acknowledged);

        const found = await store.findByUser('main');
        if (acknowledged.counted > 0) expect(found).toHaveLength(1);
        expect(found.length).toBeLessThan(2);
        const [session] = found;
        const n = session ? JSON.parse(session.data).n : 0;
        expect([acknowledged.counted, acknowledged.counted + 1]).toContain(n);
        acknowledged.counted = n;
        if (session) {
          // Waits for no lock: one of a dead process is removed, any other would be an error.
          expect(await store.commit(session.id, session.version, change(n))).toEqual({
            outcome: 'committed',
          });
        }
        const moving = await store.findByUser('moving');
        if (acknowledged.moved) expect(moving).toHaveLength(1);
        expect(moving.length).toBeLessThan(2);
        if (moving[0] && moving[0].id !== acknowledged.moved) {
          // It was killed after the replacement and before it could say so.
          if (acknowledged.moved) expect(await store.load(acknowledged.moved)).toBeUndefined();
          acknowledged.moved = moving[0].id;
        }
        for (const id of acknowledged.alive) expect(await store.load(id)).toBeDefined();
        for (const id of acknowledged.dead) expect(await store.load(id)).toBeUndefined();
        await store.destroyByUser('other');
        acknowledged.alive.clear();
        acknowledged.dead.clear();
      }
    } finally {
      await next.kill();
    }
    expect(kills).toBe(ROUNDS);

    // What is left is those two sessions, each a file and a hint.
    const ids = [...(await store.findByUser('main')), ...(await store.findByUser('moving'))].map(
      ({ id }) => id,
    );
    await store.clearExpired();
    const left = await filesIn(directory);
    const files = [...ids.map((id) => pathOf('.', id)), 'format.json'];
    expect(left.filter((name) => !name.startsWith('users/'))).toEqual(files.toSorted());
    const hints = left.filter((name) => name.startsWith('users/'));
    expect(hints.map((name) => basename(name)).toSorted()).toEqual(ids.toSorted());
  }, 300_000);
});

describe('Four processes that raise the same number', () => {
  it('lose nothing, even when they begin at the lock of a fifth that is dead', async () => {
    const directory = await newDirectory();
    const { store, clock } = await openFileStore(directory, IMPATIENT);
    clock.now = Date.now();
    const { id } = newRecord();
    await store.create(newRecord({ id, expiresAt: clock.now + 3_600_000 }));
    const holder = new FileWorker('file-holder', directory, id);
    await holder.reports(1);
    await holder.kill();

    const writers = Array.from({ length: 4 }, () => new FileWorker('file-counter', directory, id, 30));
    try {
      await Promise.all(writers.map((writer) => writer.reports(1)));
      for (const writer of writers) writer.begin();
      const reports = await Promise.all(writers.map((writer) => writer.reports(2)));
      expect(JSON.parse((await store.load(id))!.data)).toEqual({ n: 120 });
      expect((await store.load(id))!.version).toBe(121);
      const conflicts = reports.reduce((sum, [, report]) => sum + report.conflicts, 0);
      expect(conflicts).toBeGreaterThan(0);
    } finally {
      await Promise.all(writers.map((writer) => writer.kill()));
    }
  });
});

describe('The lock of another process', () => {
  it('is respected as long as that process lives, even when it is stopped', async () => {
    const directory = await newDirectory();
    const { store } = await openFileStore(directory, IMPATIENT);
    const record = newRecord();
    await store.create(record);
    const holder = new FileWorker('file-holder', directory, record.id);
    try {
      const [{ token }] = await holder.reports(1);
      holder.signal('SIGSTOP');
      for (const attempt of [
        () => store.commit(record.id, 1, change(1)),
        () => store.destroy(record.id),
        () => store.touch(record.id, 1, change(1)),
      ]) {
        await expect(attempt()).rejects.toThrow(
          `The session ${record.id} has been locked by another process`,
        );
        await expect(attempt()).rejects.toThrow(token);
      }
      expect(await store.load(record.id)).toEqual(record);
    } finally {
      await holder.kill();
    }
    expect(await store.commit(record.id, 1, change(1))).toEqual({ outcome: 'committed' });
  });
});
