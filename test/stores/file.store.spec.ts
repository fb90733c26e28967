import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { FileLayout } from '../../lib/stores/file/file.layout.js';
import { fileStore } from '../../lib/stores/file/file.store.definition.js';
import { FileStore } from '../../lib/stores/file/file.store.js';
import { adapters } from '../support/adapters.js';
import {
  filesIn,
  HOUR,
  newRecord,
  NOW,
  openFileStore,
  pathOf,
  temporaryDirectories,
  writeRecords,
} from '../support/file-stores.js';
import { playground } from '../support/playground.js';

const newDirectory = temporaryDirectories();

describeSessionStore('FileStore', async () => new FileStore(await newDirectory(), () => undefined), {
  expiredRecords: 100_000,
  seed: writeRecords,
});

async function opened() {
  const directory = await newDirectory();
  return { directory, ...(await openFileStore(directory)) };
}

describe('The files of a FileStore', () => {
  it('6.7 are for their owner only, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const { store, directory, warnings } = await opened();
      const [record, successor, other] = [newRecord(), newRecord(), newRecord()];
      await store.create(record);
      await store.replace(record.id, 1, successor);
      await store.create(other);
      await truncate(pathOf(directory, other.id), 10);
      await store.load(other.id);
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const modes = new Map<string, string>();
      for (const entry of entries) {
        const { mode } = await lstat(join(entry.parentPath, entry.name));
        modes.set(entry.name, `${entry.isDirectory() ? 'folder' : 'file'} ${(mode & 0o777).toString(8)}`);
      }
      modes.set('.', `folder ${((await stat(directory)).mode & 0o777).toString(8)}`);
      expect([...new Set(modes.values())].toSorted()).toEqual(['file 600', 'folder 700']);
      expect([...modes.keys()]).toEqual(
        expect.arrayContaining([`${successor.id}.json`, successor.id, 'quarantine', 'format.json']),
      );
      expect(warnings).toHaveLength(1);
    } finally {
      process.umask(umask);
    }
  });

  it('6.7 lie in folders named after the first four letters of the id, and no secret is among the names', async () => {
    const { store, directory } = await opened();
    const id = 'abcd0123456789abcdef0123456789ab';
    await store.create(newRecord({ id, userId: 'ada@example.com' }));
    const user = createHash('sha256').update('ada@example.com').digest('hex');
    expect(await filesIn(directory)).toEqual([
      `ab/cd/${id}.json`,
      'format.json',
      `users/${user.slice(0, 2)}/${user}/${id}`,
    ]);
  });

  it('are all gone when the last session is', async () => {
    const { store, directory } = await opened();
    const [record, successor] = [newRecord({ userId: '../../user' }), newRecord({ userId: '..' })];
    await store.create(record);
    await store.replace(record.id, 1, successor);
    await store.commit(successor.id, 1, { data: '{}', lastSeenAt: NOW, expiresAt: NOW + HOUR });
    await store.destroy(successor.id);
    expect(await filesIn(directory)).toEqual(['format.json']);
  });

  it('hold a replaced session no longer than until its successor is written', async () => {
    const { store, directory } = await opened();
    const [old, successor] = [newRecord({ data: '"of the old one"' }), newRecord()];
    await store.create(old);
    await store.replace(old.id, 1, successor);
    await store.commit(successor.id, 1, { data: '{}', lastSeenAt: NOW, expiresAt: NOW + HOUR });
    expect(await readFile(pathOf(directory, successor.id), 'utf8')).not.toContain(old.id);
  });
});

describe('An id that is none', () => {
  const ids = [
    '',
    '.',
    '..',
    '../../../../etc/passwd',
    '/etc/passwd',
    `..${'/a'.repeat(15)}`,
    'A'.repeat(32),
    'a'.repeat(31),
    'a'.repeat(33),
    `${'a'.repeat(32)}\n`,
    `${'a'.repeat(31)}\0`,
    `aa/../${'a'.repeat(26)}`,
    'ａ'.repeat(32),
  ];

  it.each(ids)('1.4 such as %j is not found, and never becomes a path', async (id) => {
    const { store, directory } = await opened();
    await store.create(newRecord({ userId: null }));
    const before = await filesIn(dirname(directory));
    const activity = { lastSeenAt: NOW, expiresAt: NOW + HOUR };
    expect(await store.load(id)).toBeUndefined();
    expect(await store.commit(id, 1, { data: '', ...activity })).toEqual({ outcome: 'gone' });
    expect(await store.replace(id, 1, newRecord())).toEqual({ outcome: 'gone' });
    expect(await store.touch(id, 1, activity)).toBe(false);
    expect(await store.rotate(id, '', { secretHash: '', previousUntil: 0 })).toBe(false);
    expect(await store.destroy(id)).toBe(false);
    await expect(store.create(newRecord({ id }))).rejects.toThrow('32 lower-case hex characters');
    expect(await filesIn(dirname(directory))).toEqual(before);
  });

  it('replaces no session', async () => {
    const { store } = await opened();
    const record = newRecord();
    await store.create(record);
    for (const id of ['../x', record.id]) {
      await expect(store.replace(record.id, 1, newRecord({ id }))).rejects.toThrow();
      expect(await store.load(record.id)).toEqual(record);
    }
  });
});

describe('The sessions of a user in a FileStore', () => {
  it('are all ended, also one that is replaced at that moment', async () => {
    const { store } = await opened();
    for (let round = 0; round < 20; round++) {
      const old = newRecord();
      await store.create(old);
      await Promise.all([
        store.replace(old.id, 1, newRecord()),
        turns(round % 7).then(() => store.destroyByUser('user-1')),
      ]);
      // The replacement may be the later of the two only when it found the session alive, which it then was not.
      expect(await store.findByUser('user-1')).toEqual([]);
    }
  });

  it('are told by the session and not by the hint', async () => {
    const { store, directory } = await opened();
    const record = newRecord();
    await store.create(record);
    const layout = new FileLayout(directory);
    await mkdir(layout.userFolder('user-2'), { recursive: true });
    await writeFile(join(layout.userFolder('user-2'), record.id), '');
    expect(await store.findByUser('user-2')).toEqual([]);
    expect(await store.destroyByUser('user-2')).toBe(0);
    expect(await store.load(record.id)).toEqual(record);
  });
});

describe('Opening a FileStore', () => {
  const context = { now: () => NOW, maxDataSize: 1 };
  const storeOf = (directory: string) => {
    const { useFactory } = fileStore({ directory }) as { useFactory: () => FileStore };
    return useFactory();
  };

  it('makes the directory and those above it', async () => {
    const directory = join(await newDirectory(), 'a', 'b');
    await storeOf(directory).open(context);
    expect(await filesIn(directory)).toEqual(['format.json']);
    await storeOf(directory).open(context);
    expect(await filesIn(directory)).toEqual(['format.json']);
  });

  it('warns when others may enter', async () => {
    const directory = await newDirectory();
    await mkdir(directory, { mode: 0o755 });
    const { warnings } = await openFileStore(directory);
    expect(warnings).toEqual([
      `The directory of the sessions, "${directory}", can be entered by other users of this machine: chmod 700 it.`,
    ]);
    await chmod(directory, 0o700);
    expect((await openFileStore(directory)).warnings).toEqual([]);
  });

  it('fails for a file, saying what is needed', async () => {
    const directory = await newDirectory();
    await writeFile(directory, '');
    await expect(storeOf(directory).open(context)).rejects.toThrow(
      /^fileStore: the directory ".+" cannot be used \(ENOTDIR.+\): it must be a folder on a local disk/,
    );
  });

  it('fails for a directory of another format', async () => {
    const directory = await newDirectory();
    await mkdir(directory, { mode: 0o700 });
    await writeFile(join(directory, 'format.json'), '{"format":2}');
    await expect(storeOf(directory).open(context)).rejects.toThrow('another version of nest-sessions');
  });

  it.each([[undefined], [{}], [{ directory: '' }], [{ directory: ' ' }], [{ directory: 7 }]])(
    'is not reached with the options %j',
    (options) => {
      expect(() => fileStore(options as never)).toThrow('`directory` must be the path of a folder');
    },
  );

  it('is not reached with an option that there is not', () => {
    expect(() => fileStore({ directory: 'x', sync: false } as never)).toThrow(
      new TypeError('fileStore: unknown option `sync`. There is `directory`.'),
    );
  });
});

describe('An application over files', () => {
  it('ends a session the whole number of seconds after its last use that was asked for', async () => {
    const directory = await newDirectory();
    const ground = await playground({
      adapter: adapters[0]!.make(),
      store: fileStore({ directory }),
      session: { idleTimeout: 3600, touchInterval: 0 },
    });
    try {
      ground.on('brief', (session) => session.setExpiry(60));
      const browser = await ground.visitor({ name: 'Ada' });
      await browser.post('/brief');
      const cookie = browser.cookie();
      const read = async () =>
        (await ground.browser().post('/read', { headers: { cookie: `sessionid=${cookie}` } })).json();
      ground.clock.advance(59);
      expect(await read()).toEqual({ name: 'Ada' });
      ground.clock.advance(59);
      expect(await read()).toEqual({ name: 'Ada' });
      ground.clock.advance(60);
      expect(await read()).toEqual({});
      expect(await ground.real.clearExpired()).toBe(1);
      expect(await filesIn(directory)).toEqual(['format.json']);
    } finally {
      await ground.close();
    }
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}
