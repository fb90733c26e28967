import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { CreateSessions1735689600000, SessionEntity } from 'nest-sessions/typeorm';
import type { SessionRecord } from '../../lib/stores/session-record.js';

/** An initialized DataSource with the table of the sessions, made by the migration that ships. */
export async function openSessionTable(
  options: DataSourceOptions,
  more: Partial<DataSourceOptions> = {},
): Promise<DataSource> {
  const dataSource = new DataSource({
    ...options,
    entities: [SessionEntity],
    migrations: [CreateSessions1735689600000],
    ...more,
  } as DataSourceOptions);
  await dataSource.initialize();
  await dataSource.runMigrations();
  return dataSource;
}

/** Rows of one INSERT: what they hold stays below the 32 766 parameters that SQLite takes, the fewest of all. */
const ROWS = 1_000;

/** Puts many records into the table at once, in plain SQL: TypeORM's own way takes ten times as long. */
export async function insertRecords(
  dataSource: DataSource,
  records: readonly SessionRecord[],
): Promise<void> {
  const { driver } = dataSource;
  const { columns, tablePath } = dataSource.getMetadata(SessionEntity);
  const used = columns.filter((column) => records.some((record) => column.getEntityValue(record) !== null));
  const names = used.map((column) => driver.escape(column.databaseName)).join(', ');
  const mark = (place: number) => driver.createParameter('value', place);
  const rowOfMarks = (row: number) =>
    `(${used.map((_, column) => mark(row * used.length + column)).join(', ')})`;
  const written = new Map<number, string>();
  const insertOf = (count: number) => {
    const rows = Array.from({ length: count }, (_, row) => rowOfMarks(row));
    return `INSERT INTO ${driver.escape(tablePath)} (${names}) VALUES ${rows.join(', ')}`;
  };
  // One transaction, for each is a wait for the disk.
  await dataSource.transaction(async (manager) => {
    for (let start = 0; start < records.length; start += ROWS) {
      const rows = records.slice(start, start + ROWS);
      const sql = written.get(rows.length) ?? insertOf(rows.length);
      written.set(rows.length, sql);
      await manager.query(
        sql,
        rows.flatMap((row) => used.map((column) => column.getEntityValue(row))),
      );
    }
  });
}

/** A record that lives from 0 to 1 000 000. */
export function sessionRecord(id: string, fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id,
    secretHash: 'hash',
    previousHash: null,
    previousUntil: null,
    data: '{}',
    version: 1,
    userId: null,
    createdAt: 0,
    authenticatedAt: null,
    lastSeenAt: 0,
    expiresAt: 1_000_000,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
    ...fields,
  };
}
