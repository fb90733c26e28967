import type { DataSource, QueryRunner } from 'typeorm';
import { retryTransient } from './transient.retry.js';
import type { BoundStatement, Row, StatementExecutor } from './statement.executor.js';
import { messages } from './typeorm.messages.js';

/**
 * For drivers with a pool: every statement takes a connection of its own from it, so that it is neither inside a
 * transaction of the application nor undone with it. Always the primary: a replica may not know yet of a logout.
 */
export class PooledExecutor implements StatementExecutor {
  readonly blocking = false;

  constructor(private readonly dataSource: DataSource) {}

  read(statement: BoundStatement): Promise<Row[]> {
    return this.withConnection(async (runner) => (await query(runner, statement)).records);
  }

  write(statement: BoundStatement): Promise<number> {
    return retryTransient(() => this.withConnection((runner) => change(runner, statement)));
  }

  exclusively(
    select: BoundStatement,
    update: (row: Row) => BoundStatement | undefined,
  ): Promise<number | undefined> {
    return retryTransient(() => this.withConnection((runner) => lockAndUpdate(runner, select, update)));
  }

  private async withConnection<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner('master');
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  }
}

async function lockAndUpdate(
  runner: QueryRunner,
  select: BoundStatement,
  update: (row: Row) => BoundStatement | undefined,
): Promise<number | undefined> {
  // Stricter levels lock gaps too (MySQL) or fail instead of waiting (PostgreSQL).
  await runner.startTransaction('READ COMMITTED');
  try {
    const [row] = (await query(runner, select)).records;
    const statement = row && update(row);
    const affected = statement && (await change(runner, statement));
    await runner.commitTransaction();
    return affected;
  } catch (error) {
    // The first error is the one to tell; a connection that is lost has rolled back by itself.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

async function change(runner: QueryRunner, statement: BoundStatement): Promise<number> {
  const { affected } = await query(runner, statement);
  if (affected === undefined) throw new Error(messages.affectedUnknown(runner.connection.options.type));
  return affected;
}

async function query(
  runner: QueryRunner,
  { sql, parameters }: BoundStatement,
): Promise<{ records: Row[]; affected?: number }> {
  return runner.query(sql, [...parameters], true);
}
