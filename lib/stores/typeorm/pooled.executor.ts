import type { DataSource, QueryRunner } from 'typeorm';
import { inTime } from '../session-in-time.js';
import { retryTransient } from './transient.retry.js';
import type { BoundStatement, Row, StatementExecutor } from './statement.executor.js';
import { messages } from './typeorm.messages.js';

export interface StatementResult {
  readonly records: Row[];
  /** How many rows were changed. */
  readonly affected?: number;
}

/** How long a statement may take, with the wait for a connection, in milliseconds. Pools by themselves wait on and on. */
const LONGEST_STATEMENT = 10_000;

/**
 * For drivers with a pool: every statement takes a connection of its own from it, so that it is neither inside a
 * transaction of the application nor undone with it. Always the primary: a replica may not know yet of a logout.
 */
export class PooledExecutor implements StatementExecutor {
  readonly blocking = false;

  constructor(
    protected readonly dataSource: DataSource,
    private readonly patience = LONGEST_STATEMENT,
  ) {}

  read(statement: BoundStatement): Promise<Row[]> {
    return this.withConnection(async (runner) => (await this.query(runner, statement)).records);
  }

  write(statement: BoundStatement): Promise<number> {
    return retryTransient(() =>
      this.withConnection(async (runner) => affectedBy(runner, await this.query(runner, statement))),
    );
  }

  exclusively(
    select: BoundStatement,
    update: (row: Row) => BoundStatement | undefined,
  ): Promise<number | undefined> {
    return retryTransient(() => this.withConnection((runner) => lockAndUpdate(runner, select, update)));
  }

  /** Runs a statement that is a transaction by itself. */
  protected query(runner: QueryRunner, statement: BoundStatement): Promise<StatementResult> {
    return query(runner, statement);
  }

  /** Whoever waits is told in time; the connection goes back to the pool when it has come and is done. */
  private withConnection<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const tooLate = messages.noAnswer(this.dataSource.options.type, this.patience);
    return inTime(this.patience, tooLate, async (isLate) => {
      const runner = this.dataSource.createQueryRunner('master');
      try {
        await runner.connect();
        if (isLate()) throw new Error(tooLate);
        return await work(runner);
      } finally {
        await runner.release();
      }
    });
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
    const affected = statement && affectedBy(runner, await query(runner, statement));
    await runner.commitTransaction();
    return affected;
  } catch (error) {
    // The first error is the one to tell; a connection that is lost has rolled back by itself.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

function affectedBy(runner: QueryRunner, { affected }: StatementResult): number {
  if (affected === undefined) throw new Error(messages.affectedUnknown(runner.connection.options.type));
  return affected;
}

function query(runner: QueryRunner, { sql, parameters }: BoundStatement): Promise<StatementResult> {
  return runner.query(sql, [...parameters], true);
}
