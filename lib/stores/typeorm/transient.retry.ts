import { setTimeout as delay } from 'node:timers/promises';

/** Serialization failure and deadlock of PostgreSQL, CockroachDB, MySQL and MariaDB. */
const CODES: ReadonlySet<unknown> = new Set(['40001', '40P01', 'ER_LOCK_DEADLOCK']);

const ATTEMPTS = 5;

/**
 * Runs `work` again when the database has rolled it back only because it met another transaction, up to five times
 * in all. `work` is a single statement or a whole transaction, so nothing of the failed attempt remains.
 */
export async function retryTransient<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      await delay(Math.random() * 10 * attempt);
    }
  }
}

function isTransient(error: unknown): boolean {
  return typeof error === 'object' && error !== null && CODES.has((error as { code?: unknown }).code);
}
