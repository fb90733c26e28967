import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import type { SessionStore } from 'nest-sessions';
import { encodeRecords } from '../../lib/stores/file/file.codec.js';
import { FileLayout } from '../../lib/stores/file/file.layout.js';
import type { LockTimings } from '../../lib/stores/file/file.locks.js';
import { FileStore } from '../../lib/stores/file/file.store.js';
import type { SessionRecord } from '../../lib/stores/session-record.js';

export const NOW = Date.parse('2026-01-01T12:00:00Z');
export const HOUR = 3_600_000;

/** Waits for nobody: a lock that does not go away at once is an error, and none is ever taken for abandoned. */
export const IMPATIENT: LockTimings = { staleAfter: Infinity, holdLimit: 5_000, patience: 0 };

/** How long deleting may take where a test has left a hundred thousand files, in milliseconds. */
const CLEANING = 120_000;

/** Directories for one test each. They are deleted behind it. */
export function temporaryDirectories(): () => Promise<string> {
  const made: string[] = [];
  const clean = async () => {
    await Promise.all(made.splice(0).map((path) => rm(path, { recursive: true, force: true })));
  };
  afterEach(clean, CLEANING);
  afterAll(clean, CLEANING);
  return async () => {
    const path = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    made.push(path);
    return join(path, 'sessions');
  };
}

/** A store that is open, with a clock that only the test moves. */
export async function openFileStore(directory: string, timings?: LockTimings) {
  const clock = { now: NOW };
  const warnings: string[] = [];
  const store = new FileStore(directory, (message) => void warnings.push(message), timings);
  await store.open({ now: () => clock.now, maxDataSize: 1_048_576 });
  return { store, clock, warnings };
}

export function newId(): string {
  return randomBytes(16).toString('hex');
}

export function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: newId(),
    secretHash: randomBytes(32).toString('base64url'),
    previousHash: null,
    previousUntil: null,
    data: '{"n":0}',
    version: 1,
    userId: 'user-1',
    createdAt: NOW,
    authenticatedAt: null,
    lastSeenAt: NOW,
    expiresAt: NOW + HOUR,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
    ...fields,
  };
}

/**
 * Puts many records into the directory of a store, each as the store would write it but without waiting for the disk.
 * Synchronously: the detour over other threads takes three times as long.
 */
export async function writeRecords(store: SessionStore, records: readonly SessionRecord[]): Promise<void> {
  const layout = new FileLayout(/^file \((.*)\)$/.exec(store.name)![1]!);
  const write = (folder: string, name: string, content: Buffer | string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  };
  for (const record of records) {
    if (record.userId !== null) write(layout.userFolder(record.userId), record.id, '');
    write(layout.folder(record.id), `${record.id}.json`, encodeRecords(record));
  }
}

/** Where the store keeps the session, or with another ending what belongs to it. */
export function pathOf(directory: string, id: string, ending = '.json'): string {
  return join(directory, id.slice(0, 2), id.slice(2, 4), `${id}${ending}`);
}

/** Every file below the directory, by its path within it. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}
