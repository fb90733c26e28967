import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { chmod, mkdir, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { SessionRecord } from '../../lib/stores/session-record.js';
import type { FileStore } from '../../lib/stores/file/file.store.js';
import {
  filesIn,
  HOUR,
  newId,
  newRecord,
  NOW,
  openFileStore,
  pathOf,
  temporaryDirectories,
} from '../support/file-stores.js';

const newDirectory = temporaryDirectories();
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const burst = fileURLToPath(new URL('../workers/file-burst.mjs', import.meta.url));

/** Every verb that writes to a record that is there, or puts one beside it. */
function writes(store: FileStore, record: SessionRecord, successor: SessionRecord, data = '{"n":1}') {
  const { id, secretHash, version } = record;
  const activity = { lastSeenAt: NOW + 1, expiresAt: NOW + 2 * HOUR };
  return {
    create: () => store.create({ ...successor, data }),
    commit: () => store.commit(id, version, { ...activity, data }),
    commitExclusively: () => store.commitExclusively(id, () => ({ change: { ...activity, data } })),
    replace: () => store.replace(id, version, { ...successor, data }),
    touch: () => store.touch(id, version, activity),
    rotate: () => store.rotate(id, secretHash, { secretHash: 'x', previousUntil: NOW }),
    destroy: () => store.destroy(id),
  };
}

async function expectRefused(attempts: Record<string, () => Promise<unknown>>, code: string) {
  for (const [verb, attempt] of Object.entries(attempts)) {
    const answer = await attempt().then(
      (value) => ({ verb, value }),
      (error) => ({ verb, code: error.code }),
    );
    expect(answer).toEqual({ verb, code });
  }
}

/** A small disk of its own, where that may be mounted. */
class Disk {
  static isAllowed = Disk.#canMount();
  #path: string | undefined;

  async mount(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', path]);
    this.#path = path;
  }

  setReadOnly(isReadOnly: boolean): void {
    execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, this.#path!]);
  }

  /** Writes until not one more byte goes in. What `release` gives lets it in again. */
  async fill(): Promise<() => Promise<void>> {
    const path = join(this.#path!, 'filler');
    const file = await open(path, 'w');
    try {
      for (;;) await file.write(Buffer.alloc(4096));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    } finally {
      await file.close();
    }
    return () => unlink(path);
  }

  unmount(): void {
    if (this.#path) execFileSync('umount', [this.#path]);
    this.#path = undefined;
  }

  static #canMount(): boolean {
    if (!isRoot || process.platform !== 'linux') return false;
    try {
      // In a namespace of its own, which is gone with the process.
      execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }
}

/** Runs the test where a file system may be mounted, and names it as skipped elsewhere. */
function itOnDisk(title: string, run: (disk: Disk) => Promise<void>): void {
  if (!Disk.isAllowed) {
    it.skip(`${title} (mounting is not permitted here)`, () => undefined);
    return;
  }
  it(title, async () => {
    const disk = new Disk();
    try {
      await run(disk);
    } finally {
      disk.unmount();
    }
  });
}

describe('A full disk', () => {
  itOnDisk('is an error for all that needs room, and leaves the session as it was', async (disk) => {
    const directory = await newDirectory();
    await disk.mount(directory);
    await chmod(directory, 0o700);
    const { store } = await openFileStore(directory);
    const [record, successor] = [newRecord({ userId: null }), newRecord({ userId: null })];
    await store.create(record);
    const empty = await disk.fill();
    const { destroy: _, ...others } = writes(store, record, successor, 'x'.repeat(20_000));
    await expectRefused(others, 'ENOSPC');
    expect(await store.load(record.id)).toEqual(record);
    expect(await store.load(successor.id)).toBeUndefined();
    await empty();
    expect(await filesIn(directory)).toEqual([pathOf('.', record.id), 'format.json'].toSorted());
    expect(await others.commit()).toEqual({ outcome: 'committed' });
  });

  itOnDisk('does not stop a logout, nor the sweeper that makes room', async (disk) => {
    const directory = await newDirectory();
    await disk.mount(directory);
    await chmod(directory, 0o700);
    const { store, clock } = await openFileStore(directory);
    const [mine, expired] = [newRecord(), newRecord({ expiresAt: NOW + 1 })];
    await store.create(mine);
    await store.create(expired);
    await disk.fill();
    expect(await store.destroy(mine.id)).toBe(true);
    clock.now += 1;
    expect(await store.clearExpired()).toBe(1);
    expect(await store.findByUser('user-1')).toEqual([]);
  });
});

describe('A disk that has become read-only', () => {
  itOnDisk('is an error for writers, while readers go on', async (disk) => {
    const directory = await newDirectory();
    await disk.mount(directory);
    await chmod(directory, 0o700);
    const { store } = await openFileStore(directory);
    const [record, successor] = [newRecord({ userId: null }), newRecord({ userId: null })];
    await store.create(record);
    disk.setReadOnly(true);
    await expectRefused(writes(store, record, successor), 'EROFS');
    expect(await store.load(record.id)).toEqual(record);
    expect(await store.load(newId())).toBeUndefined();
    disk.setReadOnly(false);
    expect(await store.destroy(record.id)).toBe(true);
  });
});

describe('A directory without the right to', () => {
  it.each([
    ['read', 0o000, true],
    ['write', 0o500, false],
  ] as const)('%s is an error, and never "no such session"', async (_, mode, isUnreadable) => {
    const directory = await newDirectory();
    const { store } = await openFileStore(directory);
    const [record, successor] = [newRecord({ userId: null }), newRecord({ userId: null })];
    await store.create(record);
    const folder = dirname(pathOf(directory, record.id));
    const folders = [folder, dirname(folder), directory];
    // Root may do everything, so the test becomes nobody, to whom the files belong.
    if (isRoot) execFileSync('chown', ['-R', String(NOBODY), dirname(directory)]);
    for (const path of folders) chmodSync(path, mode);
    if (isRoot) process.seteuid!(NOBODY);
    try {
      await expectRefused(writes(store, record, successor), 'EACCES');
      if (isUnreadable) {
        await expectRefused(
          { load: () => store.load(record.id), clear: () => store.clearExpired() },
          'EACCES',
        );
      } else {
        expect(await store.load(record.id)).toEqual(record);
      }
    } finally {
      if (isRoot) process.seteuid!(0);
      for (const path of folders) chmodSync(path, 0o700);
    }
    expect(await store.load(record.id)).toEqual(record);
    expect(await store.load(successor.id)).toBeUndefined();
  });
});

describe('A directory that is not there any more', () => {
  const everything = (store: FileStore, record: SessionRecord) => ({
    ...writes(store, record, newRecord()),
    load: () => store.load(record.id),
    loadAnother: () => store.load(newId()),
    clearExpired: () => store.clearExpired(),
    findByUser: () => store.findByUser('user-1'),
    destroyByUser: () => store.destroyByUser('user-1'),
  });

  it('is an error for every verb, and is not made anew', async () => {
    const directory = await newDirectory();
    const { store } = await openFileStore(directory);
    const record = newRecord();
    await store.create(record);
    await rename(directory, `${directory}-elsewhere`);
    for (const attempt of Object.values(everything(store, record))) {
      await expect(attempt()).rejects.toThrow('has vanished or been emptied');
    }
    // A volume that is not mounted leaves an empty folder.
    await mkdir(directory);
    for (const attempt of Object.values(everything(store, record))) {
      await expect(attempt()).rejects.toThrow('has vanished or been emptied');
    }
    expect(await filesIn(directory)).toEqual([]);
    await rm(directory, { recursive: true });
    await rename(`${directory}-elsewhere`, directory);
    expect(await store.load(record.id)).toEqual(record);
  });

  it('but a file, is an error for every verb', async () => {
    const directory = await newDirectory();
    const { store } = await openFileStore(directory);
    const record = newRecord();
    await store.create(record);
    await rm(directory, { recursive: true });
    await writeFile(directory, '');
    await expectRefused(everything(store, record), 'ENOTDIR');
  });
});

describe('A burst', () => {
  const run = (files: number, directory: string) =>
    JSON.parse(
      execFileSync(
        'sh',
        ['-c', `ulimit -n ${files}; exec "$0" "$@"`, process.execPath, burst, directory, '400'],
        {
          encoding: 'utf8',
        },
      ),
    );

  const title = 'of 400 at once is served with 128 open files';
  if (process.platform === 'win32') it.skip(`${title} (Windows has no such limit)`, () => undefined);
  else {
    it(title, async () => {
      expect(run(128, await newDirectory())).toEqual({ created: { true: 400 }, loaded: { true: 400 } });
    });
  }

  const outage = 'that runs out of open files is an error, and never "no such session"';
  if (process.platform !== 'linux') it.skip(`${outage} (counted on Linux only)`, () => undefined);
  else {
    it(outage, async () => {
      const directory = await newDirectory();
      run(128, directory);
      const { loaded } = run(40, directory);
      expect(Object.keys(loaded).toSorted()).toEqual(['EMFILE', 'true']);
    });
  }
});
