import { mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FileLayout } from '../../lib/stores/file/file.layout.js';
import { FileLocks, type LockTimings } from '../../lib/stores/file/file.locks.js';
import { persistently } from '../../lib/stores/file/persistent.retry.js';
import { IMPATIENT, newId, newRecord, openFileStore, temporaryDirectories } from '../support/file-stores.js';
import { FileWorker } from '../support/file-workers.js';

const newDirectory = temporaryDirectories();
const HASTY: LockTimings = { staleAfter: 30, holdLimit: 5_000, patience: 100_000 };

let layout: FileLayout;
let id: string;
let path: string;

beforeEach(async () => {
  layout = new FileLayout(await newDirectory());
  id = newId();
  path = layout.lock(id);
  await mkdir(dirname(path), { recursive: true });
});

/** The text of a lock whose owner was a process that is dead now. */
async function textOfTheDead(): Promise<string> {
  const other = newId();
  await mkdir(layout.folder(other), { recursive: true });
  const worker = new FileWorker('file-holder', layout.root, other);
  await worker.reports(1);
  await worker.kill();
  return readlink(layout.lock(other));
}

const withToken = (text: string) => text.replace(/[^.]+$/, newId().slice(0, 16));

describe('A file lock', () => {
  it('names its owner from the first moment, and is gone when released', async () => {
    const lock = (await new FileLocks(layout).acquire(id))!;
    expect(await readlink(path)).toMatch(
      new RegExp(`^${process.pid}\\.[0-9-]+\\.[0-9a-f]{8}\\.[0-9a-z]+\\.${lock.token}$`),
    );
    await lock.release();
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it('keeps out another owner in the same process', async () => {
    const lock = await new FileLocks(layout).acquire(id);
    await expect(new FileLocks(layout, IMPATIENT).acquire(id)).rejects.toThrow('locked by another process');
    await lock!.release();
    await expect(new FileLocks(layout, IMPATIENT).acquire(id)).resolves.toBeDefined();
  });

  it('of a dead process is removed by many at once, of whom one after the other gets it', async () => {
    const dead = await textOfTheDead();
    let inside = 0;
    let most = 0;
    let entered = 0;
    for (let round = 0; round < 40; round++) {
      await symlink(withToken(dead), path);
      const enter = async () => {
        const lock = (await new FileLocks(layout, { ...IMPATIENT, patience: 100_000 }).acquire(id))!;
        most = Math.max(most, (inside += 1));
        entered += 1;
        await nextTurn();
        inside -= 1;
        await lock.release();
      };
      await Promise.all(Array.from({ length: 8 }, enter));
      expect(await readdir(dirname(path))).toEqual([]);
    }
    expect({ most, entered }).toEqual({ most: 1, entered: 320 });
  });

  it('of a dead process whose remover died too is removed all the same', async () => {
    const dead = await textOfTheDead();
    const [owner, remover] = [withToken(dead), withToken(dead)];
    await symlink(owner, path);
    await symlink(remover, layout.guard(id, owner.split('.').at(-1)!));
    const lock = await new FileLocks(layout, IMPATIENT).acquire(id);
    expect(await readlink(path)).toContain(lock!.token);
    expect(await readdir(dirname(path))).toHaveLength(1);
  });

  it('of a process whose number is used by another one now is removed', async () => {
    const own = await new FileLocks(layout).acquire(id);
    const [pid, started, ...rest] = (await readlink(path)).split('.');
    await own!.release();
    await symlink([pid, Number(started) + 1, ...rest].join('.'), path);
    if (started === '-') return;
    expect(await new FileLocks(layout, IMPATIENT).acquire(id)).toBeDefined();
  });

  it('of another machine is waited for, and removed when it does not change for long', async () => {
    const foreign = `1.1.ffffffff.0.${newId().slice(0, 16)}`;
    await symlink(foreign, path);
    await expect(new FileLocks(layout, IMPATIENT).acquire(id)).rejects.toThrow(foreign);
    const begun = performance.now();
    const lock = await new FileLocks(layout, HASTY).acquire(id);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(HASTY.staleAfter);
    expect(await readlink(path)).toContain(lock!.token);
  });

  it('that is no lock at all is removed when it stays', async () => {
    await mkdir(path);
    await expect(new FileLocks(layout, IMPATIENT).acquire(id)).rejects.toThrow('unknown');
    const lock = await new FileLocks(layout, HASTY).acquire(id);
    expect(await readlink(path)).toContain(lock!.token);
  });

  it('is not taken from its next owner by one who comes back late', async () => {
    const late = await new FileLocks(layout, { ...HASTY, holdLimit: 0 }).acquire(id);
    const next = await new FileLocks(layout, HASTY).acquire(id);
    await late!.release();
    expect(await readlink(path)).toContain(next!.token);
    await next!.release();
    await expect(readlink(path)).rejects.toThrow('ENOENT');
  });

  it('is given back by one who comes late before anybody else has taken it', async () => {
    const late = await new FileLocks(layout, { ...HASTY, holdLimit: 0 }).acquire(id);
    await late!.release();
    await expect(readlink(path)).rejects.toThrow('ENOENT');
  });

  it('that is held for too long lets nothing be changed any more', async () => {
    const { store } = await openFileStore(layout.root);
    const { store: slow } = await openFileStore(layout.root, { ...HASTY, holdLimit: 0 });
    const [record, successor] = [newRecord(), newRecord()];
    await store.create(record);
    const change = { data: '{}', lastSeenAt: 1, expiresAt: record.expiresAt + 1 };
    for (const attempt of [
      () => slow.create(successor),
      () => slow.commit(record.id, 1, change),
      () => slow.replace(record.id, 1, successor),
      () => slow.touch(record.id, 1, change),
      () => slow.rotate(record.id, record.secretHash, { secretHash: 'x', previousUntil: 1 }),
      () => slow.destroy(record.id),
    ]) {
      await expect(attempt()).rejects.toThrow('given up before anything was changed');
    }
    expect(await store.load(record.id)).toEqual(record);
    expect(await store.load(successor.id)).toBeUndefined();
  });
});

describe('A file that Windows will not let go of', () => {
  const refused = (code: string) => Object.assign(new Error(code), { code });

  it.each(['EPERM', 'EACCES', 'EBUSY'])('is tried again on %s until it does', async (code) => {
    let calls = 0;
    const rename = async () => {
      calls += 1;
      if (calls < 4) throw refused(code);
      return 'renamed';
    };
    expect(await persistently(rename, 'win32')).toBe('renamed');
    expect(calls).toBe(4);
  });

  it.each([
    ['win32', 'EPERM', 10],
    ['win32', 'ENOSPC', 1],
    ['linux', 'EPERM', 1],
  ] as const)('on %s, with %s, is given up after %i', async (platform, code, expected) => {
    let calls = 0;
    const rename = async () => {
      calls += 1;
      throw refused(code);
    };
    await expect(persistently(rename, platform)).rejects.toThrow(code);
    expect(calls).toBe(expected);
  });
});
