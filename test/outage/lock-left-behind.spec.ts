import { describe, expect, it } from '@jest/globals';
import { IMPATIENT, newRecord, openFileStore, temporaryDirectories } from '../support/file-stores.js';
import { SmallDisk } from '../support/small-disk.js';

const newDirectory = temporaryDirectories();

describe('A disk that becomes read-only while a session is being written', () => {
  const title = 'leaves nobody of this process waiting for the lock that cannot be removed';
  if (!SmallDisk.isAllowed) return void it.skip(`${title} (mounting is not permitted here)`, () => undefined);

  it(title, async () => {
    const directory = await newDirectory();
    const disk = await SmallDisk.mount(directory);
    try {
      const { store } = await openFileStore(directory, IMPATIENT);
      const record = newRecord();
      await store.create(record);
      const change = { data: '{"n":1}', lastSeenAt: record.lastSeenAt, expiresAt: record.expiresAt };
      const interrupted = store.commitExclusively(record.id, () => {
        disk.setReadOnly(true);
        return { change };
      });
      await expect(interrupted).rejects.toThrow('EROFS');
      await expect(store.commit(record.id, 1, change)).rejects.toThrow('EROFS');
      await expect(store.destroy(record.id)).rejects.toThrow('EROFS');
      disk.setReadOnly(false);
      expect(await store.commit(record.id, 1, change)).toEqual({ outcome: 'committed' });
      expect(await store.destroy(record.id)).toBe(true);
    } finally {
      disk.unmount();
    }
  });
});
