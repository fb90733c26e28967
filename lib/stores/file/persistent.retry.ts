import { setTimeout as delay } from 'node:timers/promises';

/** What Windows says while a virus scanner, an indexer or a reader has the file open. */
const PASSING: ReadonlySet<unknown> = new Set(['EPERM', 'EACCES', 'EBUSY']);
const ATTEMPTS = 10;

/**
 * Does `work` again where Windows refuses it for a moment, at most 10 times within about half a second. Elsewhere the
 * same codes mean a lack of rights, which no waiting cures: there it is done once.
 */
export async function persistently<T>(
  work: () => Promise<T>,
  platform: NodeJS.Platform = process.platform,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isPassing = platform === 'win32' && PASSING.has((error as NodeJS.ErrnoException).code);
      if (!isPassing || attempt === ATTEMPTS) throw error;
      await delay(attempt * 10);
    }
  }
}
