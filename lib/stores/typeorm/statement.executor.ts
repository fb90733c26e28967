/** A row as the driver gives it, by column name. */
export type Row = Record<string, unknown>;

/** A statement with its parameters, ready to run. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * Runs the store's statements outside of any transaction that the application may have open. How that is done is the
 * one difference between drivers with a pool and drivers with a single connection.
 */
export interface StatementExecutor {
  /** Whether a statement holds up the event loop while it runs. */
  readonly blocking: boolean;

  /** Runs a SELECT. */
  read(statement: BoundStatement): Promise<Row[]>;

  /** Runs an INSERT, UPDATE or DELETE. How many rows it has changed. */
  write(statement: BoundStatement): Promise<number>;

  /**
   * Selects one row and runs the statement that `update` makes of it, with all other writers of the row held off
   * where the driver can. How many rows were changed; `undefined` when there was no row, or no statement was made of it.
   */
  exclusively(
    select: BoundStatement,
    update: (row: Row) => BoundStatement | undefined,
  ): Promise<number | undefined>;
}
