import { hash } from 'node:crypto';
import { QueryFailedError } from 'typeorm';
import type { QueryRunner } from 'typeorm';
import { PooledExecutor, type StatementResult } from './pooled.executor.js';
import type { BoundStatement, Row } from './statement.executor.js';

/** A connection of `pg`. */
interface NativeConnection {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{
    rows: Row[];
    rowCount: number | null;
  }>;
}

/**
 * What is told of a statement that was to be there already: a pooler between us and the server has given the connection
 * another one (26000, 42P05), or the table has changed (0A000). Nothing has been executed then.
 */
const NOT_PREPARED: ReadonlySet<unknown> = new Set(['26000', '42P05', '0A000']);

/**
 * For PostgreSQL: the statements have names, so that the server parses each once for a connection. Behind a pooler that
 * does not pass prepared statements on, they go without.
 */
export class PostgresExecutor extends PooledExecutor {
  private readonly names = new Map<string, string>();
  private preparing: 'possible' | 'refused' = 'possible';

  protected override async query(runner: QueryRunner, statement: BoundStatement): Promise<StatementResult> {
    if (this.preparing === 'refused') {
      return super.query(runner, statement);
    }
    const { sql, parameters } = statement;
    const values = [...parameters];
    const { logger } = this.dataSource;
    const connection: NativeConnection = await runner.connect();
    logger.logQuery(sql, values, runner);
    try {
      const { rows, rowCount } = await connection.query({ name: this.nameOf(sql), text: sql, values });
      return { records: rows, ...(rowCount !== null && { affected: rowCount }) };
    } catch (error) {
      if (NOT_PREPARED.has((error as { code?: unknown }).code)) {
        this.preparing = 'refused';
        return super.query(runner, statement);
      }
      logger.logQueryError(error as Error, sql, values, runner);
      throw new QueryFailedError(sql, values, error as Error);
    }
  }

  /** The same in every process for the same text, and no other's in a connection that the application uses too. */
  private nameOf(sql: string): string {
    let name = this.names.get(sql);
    if (!name) {
      this.names.set(sql, (name = `nest-sessions ${hash('sha256', sql, 'base64url')}`));
    }
    return name;
  }
}
