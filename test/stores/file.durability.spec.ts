import type { FileHandle } from 'node:fs/promises';
import * as real from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';

/** What has reached the file system, in its order; only what is done is noted. */
const done: string[] = [];
const kind = (path: unknown) => extname(String(path)) || `folder ${basename(String(path))}`;

jest.unstable_mockModule('node:fs/promises', () => ({
  ...real,
  open: async (...args: Parameters<typeof real.open>): Promise<FileHandle> => {
    const handle = await real.open(...args);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      done.push(`sync ${kind(args[0])}`);
    };
    return handle;
  },
  rename: async (from: string, to: string) => {
    await real.rename(from, to);
    done.push(`rename ${kind(from)} ${kind(to)}`);
  },
  unlink: async (path: string) => {
    await real.unlink(path);
    done.push(`unlink ${kind(path)}`);
  },
  symlink: async (...args: Parameters<typeof real.symlink>) => {
    await real.symlink(...args);
    done.push('lock');
  },
}));
const { FileStore } = await import('../../lib/stores/file/file.store.js');
const { HOUR, newRecord, NOW, temporaryDirectories } = await import('../support/file-stores.js');

const newDirectory = temporaryDirectories();
const activity = { lastSeenAt: NOW, expiresAt: NOW + HOUR };
const record = newRecord({ id: `abcd${'0'.repeat(28)}`, userId: null });
const successor = newRecord({ id: `ef01${'0'.repeat(28)}`, userId: null });

describe('What is acknowledged', () => {
  let store: InstanceType<typeof FileStore>;

  beforeEach(async () => {
    store = new FileStore(await newDirectory(), () => undefined);
    await store.open({ now: () => NOW, maxDataSize: 1_000 });
    await store.create(record);
    done.length = 0;
  });

  const written = ['lock', 'sync .tmp', 'rename .tmp .json', 'sync folder cd', 'unlink .lock'];

  it('is on the disk after a commit', async () => {
    await store.commit(record.id, 1, { data: '1', ...activity });
    expect(done).toEqual(written);
  });

  it('is on the disk after a commit under the lock', async () => {
    await store.commitExclusively(record.id, () => ({ change: { data: '1', ...activity } }));
    expect(done).toEqual(written);
  });

  it('is on the disk after a rotation', async () => {
    await store.rotate(record.id, record.secretHash, { secretHash: 'x', previousUntil: NOW });
    expect(done).toEqual(written);
  });

  it('is on the disk after a creation, with every folder that is new', async () => {
    await store.create(successor);
    expect(done.slice(0, 3).map((name) => name.replace(/sessions.*/, 'root'))).toEqual([
      'sync folder root',
      'sync folder ef',
      'lock',
    ]);
    expect(done.slice(3)).toEqual(['sync .tmp', 'rename .tmp .json', 'sync folder 01', 'unlink .lock']);
  });

  it('is on the disk after a logout', async () => {
    await store.destroy(record.id);
    expect(done).toEqual(['lock', 'unlink .json', 'sync folder cd', 'unlink .lock']);
  });

  it('is on the disk after a replacement, which is one rename', async () => {
    await store.create(successor);
    await store.destroy(successor.id);
    done.length = 0;
    await store.replace(record.id, 1, successor);
    expect(done).toEqual([
      'lock',
      'lock',
      'sync .tmp',
      'rename .tmp .json',
      'rename .json .json',
      'sync folder 01',
      'sync folder cd',
      'unlink .lock',
      'unlink .lock',
    ]);
  });

  it('is whole on the disk after a touch, whose name may come later', async () => {
    await store.touch(record.id, 1, activity);
    expect(done).toEqual(['lock', 'sync .tmp', 'rename .tmp .json', 'unlink .lock']);
  });

  it('has its user on the disk before the session', async () => {
    const mine = newRecord({ userId: 'user-1' });
    await store.create(mine);
    const user = done.findLastIndex((name) => /^sync folder [0-9a-f]{64}$/.test(name));
    expect(user).toBeGreaterThan(-1);
    expect(user).toBeLessThan(done.indexOf('rename .tmp .json'));
  });
});
