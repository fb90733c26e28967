/** What PostgreSQL, CockroachDB, MySQL, MariaDB and SQLite call a row that is in the way of another. */
const CODES: ReadonlySet<unknown> = new Set([
  '23505',
  'ER_DUP_ENTRY',
  'SQLITE_CONSTRAINT_PRIMARYKEY',
  'SQLITE_CONSTRAINT_UNIQUE',
]);

/** Whether an INSERT failed since another row has the same key, or the same value in some unique column. */
export function isDuplicate(error: unknown): boolean {
  return typeof error === 'object' && error !== null && CODES.has((error as { code?: unknown }).code);
}
