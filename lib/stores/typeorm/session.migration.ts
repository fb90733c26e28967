import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';
import { isMysql } from './mysql.drivers.js';

/**
 * Creates the table of the sessions, and drops it again. Add it to the `migrations` of the DataSource:
 *
 * ```ts
 * migrations: [CreateSessions1735689600000, …]
 * ```
 *
 * For a table of another name, extend it; the name of the class must end in a 13-digit timestamp of its own:
 *
 * ```ts
 * export class CreateWebSessions1767225600000 extends CreateSessions1735689600000 {
 *   protected override readonly tableName: string = 'web_sessions';
 * }
 * ```
 *
 * On MySQL and MariaDB `data` is a `mediumtext` (16 MB) instead of `text` (64 KB), and ids, hashes and user ids
 * compare exactly instead of ignoring case.
 *
 * @publicApi
 */
export class CreateSessions1735689600000 implements MigrationInterface {
  /** The table without the DataSource's `entityPrefix`. */
  protected readonly tableName: string = 'sessions';

  /** Creates the table with its indexes. */
  async up(queryRunner: QueryRunner): Promise<void> {
    const { options, namingStrategy } = queryRunner.connection;
    const name = prefixed(queryRunner, this.tableName);
    const mysql = isMysql(options.type);
    const indices = ['user_id', 'expires_at'].map((column) => ({
      name: namingStrategy.indexName(name, [column]),
      columnNames: [column],
    }));
    await queryRunner.createTable(
      new Table({ name, columns: columns(mysql), indices, ...(mysql && { engine: 'InnoDB' }) }),
    );
  }

  /** Drops the table: everybody is logged out. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(prefixed(queryRunner, this.tableName));
  }
}

function prefixed(queryRunner: QueryRunner, tableName: string): string {
  return `${queryRunner.connection.options.entityPrefix ?? ''}${tableName}`;
}

function columns(mysql: boolean): TableColumnOptions[] {
  const exact = mysql ? { charset: 'utf8mb4', collation: 'utf8mb4_bin' } : {};
  const unicode = mysql ? { charset: 'utf8mb4' } : {};
  const nullable = { isNullable: true };
  return [
    { name: 'id', type: 'varchar', length: '32', isPrimary: true, ...exact },
    { name: 'secret_hash', type: 'varchar', length: '64', ...exact },
    { name: 'previous_hash', type: 'varchar', length: '64', ...nullable, ...exact },
    { name: 'previous_until', type: 'bigint', ...nullable },
    { name: 'data', type: mysql ? 'mediumtext' : 'text', ...unicode },
    { name: 'version', type: mysql ? 'int' : 'integer' },
    { name: 'user_id', type: 'varchar', length: '255', ...nullable, ...exact },
    { name: 'created_at', type: 'bigint' },
    { name: 'authenticated_at', type: 'bigint', ...nullable },
    { name: 'last_seen_at', type: 'bigint' },
    { name: 'expires_at', type: 'bigint' },
    { name: 'absolute_expires_at', type: 'bigint', ...nullable },
    { name: 'ip', type: 'varchar', length: '64', ...nullable },
    { name: 'user_agent', type: 'text', ...nullable, ...unicode },
    { name: 'audience', type: 'varchar', length: '255', ...nullable, ...exact },
    { name: 'group_id', type: 'varchar', length: '255', ...nullable, ...exact },
  ];
}
