import type { DataSource } from 'typeorm';
import type { BoundStatement } from './statement.executor.js';

/** A statement whose SQL is written, and the names of its parameters in their order. */
export interface Statement {
  readonly sql: string;
  readonly names: readonly string[];
}

/** Writes a statement: `parameter(name)` gives the placeholder of this driver. */
export function buildStatement(
  dataSource: DataSource,
  write: (parameter: (name: string) => string) => string,
): Statement {
  const names: string[] = [];
  const sql = write((name) => dataSource.driver.createParameter(name, names.push(name) - 1));
  return { sql, names };
}

/** The statement with its values. A name without a value is a mistake of the store, not of the application. */
export function bind({ sql, names }: Statement, values: Readonly<Record<string, unknown>>): BoundStatement {
  const parameters = names.map((name) => {
    if (values[name] === undefined)
      throw new Error(`The session store has no value for "${name}" of: ${sql}`);
    return values[name];
  });
  return { sql, parameters };
}
