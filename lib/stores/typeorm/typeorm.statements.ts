import type { DataSource, EntityMetadata } from 'typeorm';
import { RECORD_FIELDS } from '../session-record.check.js';
import type { SessionRecord } from '../session-record.js';
import { isMysql } from './mysql.drivers.js';
import { SESSION_HEAD } from './session-row.mapper.js';
import type { BoundStatement } from './statement.executor.js';
import { bind, buildStatement } from './statement.builder.js';
import type { Statement } from './statement.builder.js';

const FETCH_FIRST: ReadonlySet<string> = new Set(['mssql', 'oracle']);

/** The most ids that one statement lists; Oracle takes no more. */
export const MAX_IDS = 1000;

type Parameter = (name: string) => string;

/**
 * The SQL of every verb, written once for this driver and table. Parameters are named by the property they are for;
 * `@id`, `@version`, `@now` and the like are what the WHERE clause compares with.
 */
export class TypeOrmStatements {
  private readonly table: string;
  private readonly written = new Map<string, Statement>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly metadata: EntityMetadata,
  ) {
    this.table = metadata.tablePath.split('.').map(this.escape).join('.');
  }

  /** Every column of the entity, of no row: fails when the table or a column is missing. */
  readonly probe = () =>
    this.once('probe', () => {
      const columns = this.metadata.columns.filter((column) => !column.isVirtualProperty);
      return `SELECT ${columns.map((column) => this.escape(column.databaseName)).join(', ')} FROM ${this.table} WHERE 1 = 0`;
    });

  readonly load = () =>
    this.once(
      'load',
      (p) =>
        `SELECT ${this.all} FROM ${this.table} WHERE ${this.col('id')} = ${p('@id')} AND ${this.live(p)}`,
    );

  /** As `load`, without the data, so that the database need not fetch it. */
  readonly peek = () =>
    this.once(
      'peek',
      (p) =>
        `SELECT ${this.list(SESSION_HEAD)} FROM ${this.table} WHERE ${this.col('id')} = ${p('@id')} AND ${this.live(p)}`,
    );

  readonly create = (extra: readonly string[]) =>
    this.once(`create ${extra.join()}`, (p) => {
      const properties = [...RECORD_FIELDS, ...extra];
      return `INSERT INTO ${this.table} (${properties.map(this.col).join(', ')}) VALUES (${properties.map(p).join(', ')})`;
    });

  readonly commit = (extra: readonly string[]) =>
    this.once(`commit ${extra.join()}`, (p) => {
      const version = this.col('version');
      const changes = ['data', 'lastSeenAt', 'expiresAt', ...extra];
      return `UPDATE ${this.table} SET ${version} = ${version} + 1, ${this.set(changes, p)} WHERE ${this.current(p)}`;
    });

  readonly replace = (extra: readonly string[]) =>
    this.once(
      `replace ${extra.join()}`,
      (p) => `UPDATE ${this.table} SET ${this.set([...RECORD_FIELDS, ...extra], p)} WHERE ${this.current(p)}`,
    );

  readonly touch = () =>
    this.once(
      'touch',
      (p) => `UPDATE ${this.table} SET ${this.set(['lastSeenAt', 'expiresAt'], p)} WHERE ${this.current(p)}`,
    );

  readonly rotate = () =>
    this.once(
      'rotate',
      (p) =>
        `UPDATE ${this.table} SET ${this.set(['previousHash', 'previousUntil', 'secretHash'], p)} ` +
        `WHERE ${this.col('id')} = ${p('@id')} AND ${this.exactly('secretHash', '@hash', p)} AND ${this.live(p)}`,
    );

  readonly destroy = () =>
    this.once(
      'destroy',
      (p) => `DELETE FROM ${this.table} WHERE ${this.col('id')} = ${p('@id')} AND ${this.live(p)}`,
    );

  readonly findByUser = () =>
    this.once(
      'findByUser',
      (p) =>
        `SELECT ${this.all} FROM ${this.table} WHERE ${this.exactly('userId', '@user', p)} AND ${this.live(p)} ` +
        `ORDER BY ${this.col('lastSeenAt')} DESC`,
    );

  readonly destroyByUser = (spared: boolean) =>
    this.once(
      `destroyByUser ${spared}`,
      (p) =>
        `DELETE FROM ${this.table} WHERE ${this.exactly('userId', '@user', p)} AND ${this.live(p)}` +
        (spared ? ` AND ${this.col('id')} <> ${p('@id')}` : ''),
    );

  readonly selectExpired = (limit: number) =>
    this.once(`selectExpired ${limit}`, (p) => {
      const fetch = FETCH_FIRST.has(this.type)
        ? `OFFSET 0 ROWS FETCH NEXT ${limit} ROWS ONLY`
        : `LIMIT ${limit}`;
      return (
        `SELECT ${this.col('id')} FROM ${this.table} WHERE ${this.col('expiresAt')} <= ${p('@now')} ` +
        `ORDER BY ${this.col('expiresAt')} ${fetch}`
      );
    });

  /** Asks for the expiry again, so that a row touched since it was selected stays. */
  deleteExpired(ids: readonly string[], now: number): BoundStatement {
    // Few lengths make few statements to prepare: the last id fills up the list.
    const length = Math.min(2 ** Math.ceil(Math.log2(ids.length)), MAX_IDS);
    const names = Array.from({ length }, (_, index) => `@id${index}`);
    const statement = this.once(
      `deleteExpired ${length}`,
      (p) =>
        `DELETE FROM ${this.table} WHERE ${this.col('id')} IN (${names.map(p).join(', ')}) ` +
        `AND ${this.expiry} <= ${p('@now')}`,
    );
    const values = Object.fromEntries(names.map((name, index) => [name, ids[index] ?? ids.at(-1)]));
    return bind(statement, { ...values, '@now': now });
  }

  /** As `load`, with a lock on the row where the driver has row locks. */
  loadLocked(id: string, now: number): BoundStatement {
    const query = this.dataSource
      .createQueryBuilder()
      .select([])
      .from(this.metadata.target, 's')
      .where('s.id = :id AND s.expiresAt > :now', { id, now });
    for (const property of RECORD_FIELDS) query.addSelect(`s.${property}`, this.name(property));
    try {
      const [sql, parameters] = query.setLock('pessimistic_write').getQueryAndParameters();
      return { sql, parameters };
    } catch {
      return bind(this.load(), { '@id': id, '@now': now });
    }
  }

  private readonly escape = (name: string) => this.dataSource.driver.escape(name);

  private readonly col = (property: string) => this.escape(this.name(property));

  private name(property: string): string {
    return this.metadata.findColumnWithPropertyName(property)!.databaseName;
  }

  private get type(): string {
    return this.dataSource.options.type;
  }

  private get all(): string {
    return this.list(RECORD_FIELDS);
  }

  private list(properties: readonly string[]): string {
    return properties.map(this.col).join(', ');
  }

  private live(p: Parameter): string {
    return `${this.expiry} > ${p('@now')}`;
  }

  /**
   * The sum is no column, so no index on the expiry serves it. MySQL and MariaDB else find a row now and then through
   * that index instead of its key, lock the sessions beside it too, and in the other order: a deadlock.
   */
  private get expiry(): string {
    return `${this.col('expiresAt')} + 0`;
  }

  private current(p: Parameter): string {
    return `${this.col('id')} = ${p('@id')} AND ${this.col('version')} = ${p('@version')} AND ${this.live(p)}`;
  }

  private set(properties: readonly string[], p: Parameter): string {
    return properties.map((property) => `${this.col(property)} = ${p(property)}`).join(', ');
  }

  /** MySQL's default collations take "Bob", "bob" and "bob " for one user. The plain comparison is for the index. */
  private exactly(property: keyof SessionRecord, name: string, p: Parameter): string {
    const column = this.col(property);
    const equal = `${column} = ${p(name)}`;
    return isMysql(this.type) ? `${equal} AND ${bytes(column)} = ${bytes(p(name))}` : equal;
  }

  private once(key: string, write: (p: Parameter) => string): Statement {
    let statement = this.written.get(key);
    if (!statement) this.written.set(key, (statement = buildStatement(this.dataSource, write)));
    return statement;
  }
}

function bytes(value: string): string {
  return `CAST(CONVERT(${value} USING utf8mb4) AS BINARY)`;
}
