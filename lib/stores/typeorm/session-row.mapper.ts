import type { EntityMetadata } from 'typeorm';
import { isNumeric, RECORD_FIELDS, writtenNumber } from '../session-record.check.js';
import type { SessionHead, SessionRecord } from '../session-record.js';
import type { Row } from './statement.executor.js';

/** The properties of a record without its data; each is a column. */
export const SESSION_HEAD = RECORD_FIELDS.filter((property) => property !== 'data');

/** A property, its column, and whether it is a number. */
type Column = readonly [keyof SessionRecord, string, boolean];

/**
 * Makes records of rows as the driver gives them, without TypeORM's hydration. A row that holds no number where one
 * belongs is no record: SQLite keeps any text in any column.
 */
export class SessionRowMapper {
  private readonly columns: readonly Column[];
  private readonly headColumns: readonly Column[];

  constructor(metadata: EntityMetadata) {
    this.columns = RECORD_FIELDS.map((property) => [
      property,
      metadata.findColumnWithPropertyName(property)!.databaseName,
      isNumeric(property),
    ]);
    this.headColumns = this.columns.filter(([property]) => property !== 'data');
  }

  toRecord(row: Row): SessionRecord | undefined {
    return this.properties(row, this.columns) as SessionRecord | undefined;
  }

  /** The row may lack the data. */
  toHead(row: Row): SessionHead | undefined {
    return this.properties(row, this.headColumns) as SessionHead | undefined;
  }

  private properties(row: Row, columns: readonly Column[]): object | undefined {
    const record: Record<string, unknown> = {};
    for (const [property, column, isNumber] of columns) {
      const value = row[column] ?? null;
      record[property] = isNumber && value !== null ? numberOf(value) : value;
      if (record[property] === undefined) return undefined;
    }
    return record;
  }
}

/** PostgreSQL's driver gives 64-bit integers as strings, MariaDB's may give them as bigints. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return writtenNumber(String(value));
}
