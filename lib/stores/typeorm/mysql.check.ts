import type { DataSource, EntityMetadata } from 'typeorm';
import { isMysql } from './mysql.drivers.js';
import type { StatementExecutor } from './statement.executor.js';
import { messages } from './typeorm.messages.js';

const MEDIUMTEXT_BYTES = 16_777_215;

const DATA_COLUMN =
  'SELECT CHARACTER_OCTET_LENGTH AS octets, CHARACTER_SET_NAME AS charset FROM information_schema.COLUMNS ' +
  'WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND COLUMN_NAME = ?';

/**
 * MySQL and MariaDB only: throws when the data column holds less than `maxDataSize` bytes (`text` holds 64 KB) or not
 * every character, which would otherwise come to light when the first large session is saved.
 */
export async function checkMysqlDataColumn(
  dataSource: DataSource,
  metadata: EntityMetadata,
  executor: StatementExecutor,
  maxDataSize: number,
): Promise<void> {
  if (!isMysql(dataSource.options.type)) return;
  const column = metadata.findColumnWithPropertyName('data')!.databaseName;
  const [row] = await executor.read({
    sql: DATA_COLUMN,
    parameters: [metadata.database ?? null, metadata.tableName, column],
  });
  const octets = Number(row?.['octets'] ?? Infinity);
  const charset = row?.['charset'] ?? 'utf8mb4';
  const type = maxDataSize > MEDIUMTEXT_BYTES ? 'longtext' : 'mediumtext';
  const table = metadata.tableName;
  if (octets < maxDataSize) {
    throw new Error(messages.dataTooSmall(table, column, octets, maxDataSize, type));
  }
  if (charset !== 'utf8mb4') throw new Error(messages.dataNotUnicode(table, column, String(charset), type));
}
