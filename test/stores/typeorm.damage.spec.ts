import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

const ID = '0123456789abcdef0123456789abcdef';
const NUMBERS = [
  'version',
  'created_at',
  'last_seen_at',
  'expires_at',
  'authenticated_at',
  'absolute_expires_at',
  'previous_until',
];

// Other databases keep nothing but numbers in such columns. SQLite compares any text as greater than any number, so
// that a row like this would live for ever.
describe.each(NUMBERS)('A row of SQLite with a text in %s', (column) => {
  let dataSource: DataSource;
  let store: TypeOrmStore;

  beforeEach(async () => {
    dataSource = await openSessionTable({ type: 'better-sqlite3', database: ':memory:' });
    store = new TypeOrmStore(dataSource, SessionEntity);
    await store.open({ now: () => 1_000, maxDataSize: 1_000 });
    await store.create(sessionRecord(ID, { userId: 'user-1' }));
  });
  afterEach(() => dataSource.destroy());

  it.each(['', '1767225600000x', '1e999'])('%j is no session for any verb', async (text) => {
    await dataSource.query(`UPDATE sessions SET ${column} = ?`, [text]);
    const change = { data: '{}', lastSeenAt: 1_000, expiresAt: 9_000 };
    expect(await store.load(ID)).toBeUndefined();
    expect(await store.peek(ID)).toBeUndefined();
    expect(await store.findByUser('user-1')).toEqual([]);
    expect(await store.commitExclusively(ID, () => ({ change }))).toEqual({ outcome: 'gone' });
  });
});
