import { QueryFailedError } from 'typeorm';
import type { DataSource } from 'typeorm';
import { whenIdle } from './idle.wait.js';
import type { BoundStatement, Row, StatementExecutor } from './statement.executor.js';

interface NativeStatement {
  all(...parameters: unknown[]): Row[];
  get(...parameters: unknown[]): Row | undefined;
  run(...parameters: unknown[]): { changes: number };
}

interface NativeConnection {
  readonly inTransaction: boolean;
  prepare(sql: string): NativeStatement;
  transaction<T>(work: () => T): { immediate(): T };
}

/**
 * For better-sqlite3. TypeORM gives the whole application one connection, so a statement sent through it while a
 * handler has a transaction open would be part of that transaction and undone with it. A write therefore waits until
 * the connection is outside of any transaction and then runs synchronously in the same turn as that check, on a
 * prepared statement of the native connection: nothing can come in between.
 */
export class SqliteExecutor implements StatementExecutor {
  readonly blocking = true;

  private prepared = new Map<string, NativeStatement>();
  private preparedOn?: NativeConnection;

  /** @param patience How long a write waits for the end of a transaction before it fails, in milliseconds. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly patience = 5_000,
  ) {}

  async read(statement: BoundStatement): Promise<Row[]> {
    return this.execute(statement, (native, parameters) => native.all(...parameters));
  }

  write(statement: BoundStatement): Promise<number> {
    return this.outsideTransactions(() => this.change(statement));
  }

  exclusively(
    select: BoundStatement,
    update: (row: Row) => BoundStatement | undefined,
  ): Promise<number | undefined> {
    // Immediate: the lock is taken before the row is read, so that no other process can change it in between.
    return this.outsideTransactions((connection) =>
      connection
        .transaction(() => {
          const row = this.execute(select, (native, parameters) => native.get(...parameters));
          const statement = row && update(row);
          return statement && this.change(statement);
        })
        .immediate(),
    );
  }

  private outsideTransactions<T>(work: (connection: NativeConnection) => T): Promise<T> {
    return whenIdle(
      () => this.connection.inTransaction,
      () => work(this.connection),
      { driver: this.dataSource.options.type, patience: this.patience },
    );
  }

  private change(statement: BoundStatement): number {
    return this.execute(statement, (native, parameters) => native.run(...parameters).changes);
  }

  private execute<T>(
    { sql, parameters }: BoundStatement,
    run: (native: NativeStatement, parameters: unknown[]) => T,
  ): T {
    const { logger, driver } = this.dataSource;
    // better-sqlite3 binds no booleans.
    const bound = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    const runner = (driver as { queryRunner?: never }).queryRunner;
    logger.logQuery(sql, bound, runner);
    try {
      return run(this.prepare(sql), bound);
    } catch (error) {
      logger.logQueryError(error as Error, sql, bound, runner);
      throw new QueryFailedError(sql, bound, error as Error);
    }
  }

  private prepare(sql: string): NativeStatement {
    const connection = this.connection;
    if (this.preparedOn !== connection) {
      this.prepared = new Map();
      this.preparedOn = connection;
    }
    let statement = this.prepared.get(sql);
    if (!statement) {
      statement = connection.prepare(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }

  private get connection(): NativeConnection {
    return (this.dataSource.driver as unknown as { databaseConnection: NativeConnection }).databaseConnection;
  }
}
