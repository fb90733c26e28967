import { setTimeout as delay } from 'node:timers/promises';
import { messages } from './typeorm.messages.js';

/**
 * Calls `work` as soon as `isBusy` says no, in the same turn. Throws, saying what to do, when a transaction has kept
 * the only connection busy for longer than `patience` milliseconds.
 */
export async function whenIdle<T>(
  isBusy: () => boolean,
  work: () => T | Promise<T>,
  { driver, patience }: { readonly driver: string; readonly patience: number },
): Promise<T> {
  const deadline = performance.now() + patience;
  while (isBusy()) {
    if (performance.now() >= deadline) throw new Error(messages.transactionOpen(driver, patience));
    await delay(2);
  }
  return work();
}
