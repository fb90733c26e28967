import { mkdir, readdir, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decodeRecord, encodeRecords } from '../../lib/stores/file/file.codec.js';
import { FileLayout } from '../../lib/stores/file/file.layout.js';
import { newOwner } from '../../lib/stores/file/lock.owner.js';
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

async function opened() {
  const directory = await newDirectory();
  return { directory, layout: new FileLayout(directory), ...(await openFileStore(directory)) };
}

describe('The content of a file', () => {
  const record = newRecord({ data: '{"naïve":"漢字"}', userAgent: '\ud800"\\' });

  it('is the record again', () => {
    expect(decodeRecord(encodeRecords(record), record.id)).toEqual(record);
  });

  it('is JSON that a person can read', () => {
    const { records } = JSON.parse(encodeRecords(record).toString());
    expect(records).toEqual([record]);
  });

  it('is no record with any byte changed, missing or added', () => {
    const whole = encodeRecords(record);
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 32, 128]) {
        const bytes = Buffer.from(whole);
        bytes[at]! ^= bit;
        expect(decodeRecord(bytes, record.id)).toBeUndefined();
      }
      expect(decodeRecord(whole.subarray(0, at), record.id)).toBeUndefined();
      const longer = Buffer.concat([whole.subarray(0, at), Buffer.from(' '), whole.subarray(at)]);
      expect(decodeRecord(longer, record.id)).toBeUndefined();
    }
    expect(decodeRecord(Buffer.concat([whole, whole]), record.id)).toBeUndefined();
  });

  it('is no record under the id of another', () => {
    expect(decodeRecord(encodeRecords(record), newId())).toBeUndefined();
  });

  it('holds nothing that only lay beside the record', () => {
    const bytes = encodeRecords({ ...record, token: 'secret' } as typeof record);
    expect(bytes.toString()).not.toContain('token');
  });
});

describe('A damaged file', () => {
  const damages: [string, (path: string) => Promise<void>][] = [
    ['cut short', (path) => truncate(path, 100)],
    ['empty', (path) => truncate(path, 0)],
    ['that holds JSON of others', (path) => writeFile(path, '{"user":1}')],
    ['of binary zeros', (path) => writeFile(path, Buffer.alloc(600))],
    ['copied from another session', (path) => writeFile(path, encodeRecords(newRecord()))],
    [
      'with a changed letter in it',
      async (path) => writeFile(path, (await readFile(path, 'utf8')).replace('user-1', 'user-2')),
    ],
  ];

  it.each(damages)('(%s) is no session, is said once and kept in quarantine', async (_, damage) => {
    const { store, directory, warnings } = await opened();
    const { id } = newRecord();
    await store.create(newRecord({ id }));
    const path = pathOf(directory, id);
    await damage(path);
    const bytes = await readFile(path);

    const loads = await Promise.all([store.load(id), store.load(id), store.findByUser('user-1')]);
    expect(loads).toEqual([undefined, undefined, []]);
    const [name, ...others] = await readdir(join(directory, 'quarantine'));
    expect(others).toEqual([]);
    expect(name).toMatch(new RegExp(`-${id}\\.json$`));
    expect(await readFile(join(directory, 'quarantine', name!))).toEqual(bytes);
    expect(warnings).toEqual([
      `The file of the session ${id} was damaged and has been moved to ${join(directory, 'quarantine', name!)}; the session is lost.`,
    ]);
    expect(await store.load(id)).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(await store.create(newRecord({ id }))).toBe(true);
  });

  it.each([
    ['commit', { outcome: 'gone' }],
    ['replace', { outcome: 'gone' }],
    ['touch', false],
    ['rotate', false],
    ['destroy', false],
  ] as const)('is gone for %s', async (verb, answer) => {
    const { store, directory, warnings } = await opened();
    const record = newRecord();
    await store.create(record);
    await truncate(pathOf(directory, record.id), 10);
    const { id, secretHash } = record;
    const change = { data: '{}', lastSeenAt: NOW, expiresAt: NOW + HOUR };
    const run = {
      commit: () => store.commit(id, 1, change),
      replace: () => store.replace(id, 1, newRecord()),
      touch: () => store.touch(id, 1, change),
      rotate: () => store.rotate(id, secretHash, { secretHash: 'x', previousUntil: NOW }),
      destroy: () => store.destroy(id),
    };
    expect(await run[verb]()).toEqual(answer);
    expect(warnings).toHaveLength(1);
  });

  it('that cannot be moved is no session either, and said once', async () => {
    const { store, directory, warnings } = await opened();
    const record = newRecord();
    await store.create(record);
    await truncate(pathOf(directory, record.id), 10);
    await writeFile(join(directory, 'quarantine'), 'in the way');
    expect(await store.load(record.id)).toBeUndefined();
    expect(await store.load(record.id)).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('could not be moved to quarantine (Error: ENOTDIR')]);
  });

  it('does not fill the disk: the latest hundred are kept', async () => {
    const { store, clock, directory, layout } = await opened();
    const ids = Array.from({ length: 103 }, newId);
    for (const id of ids) {
      await mkdir(layout.folder(id), { recursive: true });
      await writeFile(layout.record(id), '{');
      clock.now += 1;
      expect(await store.load(id)).toBeUndefined();
    }
    const kept = await readdir(join(directory, 'quarantine'));
    expect(kept.map((name) => name.slice(15, 47))).toEqual(ids.slice(3));
  });

  it('is found by the sweeper too, which goes on', async () => {
    const { store, clock, directory, warnings } = await opened();
    const [damaged, expired] = [newRecord(), newRecord()];
    await store.create(damaged);
    await store.create(expired);
    await truncate(pathOf(directory, damaged.id), 10);
    clock.now += HOUR;
    expect(await store.clearExpired()).toBe(1);
    expect(warnings).toHaveLength(1);
  });
});

describe('What a crash leaves behind', () => {
  it('is swept, and nothing else is', async () => {
    const { store, directory, layout } = await opened();
    const record = newRecord();
    await store.create(record);
    const before = await filesIn(directory);
    const folder = layout.folder(record.id);
    // pid_max of Linux is 2^22: no process has such a number.
    const { host } = /^\d+\.[0-9-]+\.(?<host>[0-9a-f]{8})/.exec(newOwner().text)!.groups!;
    const [dead, foreign] = [`99999999.1.${host}.0.${'a'.repeat(16)}`, `1.1.ffffffff.0.${'b'.repeat(16)}`];
    await symlink(dead, layout.lock(record.id));
    await symlink(dead, layout.guard(record.id, 'c'.repeat(16)));
    await symlink(foreign, layout.guard(record.id, 'd'.repeat(16)));
    await writeFile(layout.temporary(record.id, 'e'.repeat(16)), 'half a rec');
    await writeFile(join(folder, 'README.lock'), 'not ours');
    // Of the check at the start, and of the very first start.
    await writeFile(layout.temporary('0'.repeat(32), 'f'.repeat(16)), 'tri');
    const marker = `${layout.marker}.${'0'.repeat(16)}.tmp`;
    await writeFile(marker, '{');
    await utimes(marker, 0, 0);
    const hints = layout.userFolder('user-2');
    await mkdir(hints, { recursive: true });
    for (const id of [newId(), newId()]) await writeFile(join(hints, id), '');

    expect(await store.clearExpired()).toBe(0);
    await rm(join(folder, 'README.lock'));
    expect(await filesIn(directory)).toEqual(before);
    await expect(readdir(hints)).rejects.toThrow('ENOENT');
    expect(await store.load(record.id)).toEqual(record);
    expect(await store.findByUser('user-1')).toEqual([record]);
  });

  it('is left alone while its owner may live', async () => {
    const { store, layout } = await opened();
    const record = newRecord();
    await store.create(record);
    const young = `1.1.ffffffff.${Date.now().toString(36)}.${'b'.repeat(16)}`;
    const guard = layout.guard(record.id, 'd'.repeat(16));
    await symlink(young, guard);
    await store.clearExpired();
    expect(await readdir(dirname(guard))).toHaveLength(2);
  });

  it('between the two steps of a replacement is one session, the old one', async () => {
    const { store, directory } = await opened();
    const [old, successor] = [newRecord(), newRecord()];
    await store.create(old);
    await writeFile(pathOf(directory, old.id), encodeRecords(old, successor));
    expect(await store.load(old.id)).toEqual(old);
    expect(await store.load(successor.id)).toBeUndefined();
    expect(await store.destroy(old.id)).toBe(true);
    expect(await store.load(successor.id)).toBeUndefined();
    expect(await filesIn(directory)).toEqual(['format.json']);
  });
});
