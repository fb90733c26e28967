import type { DataSource, QueryRunner } from 'typeorm';
import { whenIdle } from './idle.wait.js';
import type { BoundStatement, Row, StatementExecutor } from './statement.executor.js';
import { messages } from './typeorm.messages.js';

const EXCLUSIVE_ATTEMPTS = 50;

/**
 * For the other drivers with a single connection (sql.js, Expo, …). A write waits until TypeORM has no transaction
 * open on it.
 */
export class SharedExecutor implements StatementExecutor {
  readonly blocking = true;

  /** @param patience How long a write waits for the end of a transaction before it fails, in milliseconds. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly patience = 5_000,
  ) {}

  async read({ sql, parameters }: BoundStatement): Promise<Row[]> {
    return (await this.runner.query(sql, [...parameters], true)).records;
  }

  write({ sql, parameters }: BoundStatement): Promise<number> {
    const runner = this.runner;
    const driver = this.dataSource.options.type;
    return whenIdle(
      () => runner.isTransactionActive,
      async () => {
        const { affected } = await runner.query(sql, [...parameters], true);
        if (affected === undefined) throw new Error(messages.affectedUnknown(driver));
        return affected;
      },
      { driver, patience: this.patience },
    );
  }

  async exclusively(
    select: BoundStatement,
    update: (row: Row) => BoundStatement | undefined,
  ): Promise<number | undefined> {
    // A transaction on the shared connection would catch statements of the application, so there is no lock to take.
    for (let attempt = 1; ; attempt++) {
      const [row] = await this.read(select);
      const statement = row && update(row);
      if (!statement) return undefined;
      const affected = await this.write(statement);
      if (affected > 0 || attempt >= EXCLUSIVE_ATTEMPTS) return affected;
    }
  }

  private get runner(): QueryRunner {
    return this.dataSource.createQueryRunner();
  }
}
