import { describe, it } from '@jest/globals';
import { databases, type TestDatabase } from './database-servers.js';

export type { ScratchDatabase, TestDatabase } from './database-servers.js';

/**
 * Defines tests for every database, or for those that `only` picks. One whose server does not answer is skipped with
 * the reason in its title; with `REQUIRE_SERVERS=1` that is a failure.
 */
export function describeEachDatabase(
  title: string,
  define: (database: TestDatabase) => void,
  only: (database: TestDatabase) => boolean = () => true,
): void {
  const picked = databases.filter(only);
  const present = picked.filter((database) => database.unavailable === undefined);
  if (present.length > 0) {
    describe.each(present.map((database) => [database.name, database] as const))(
      `${title} on %s`,
      (_name, database) => define(database),
    );
  }
  for (const database of picked.filter(({ unavailable }) => unavailable !== undefined)) {
    const why = `${title} on ${database.name} (skipped: ${database.unavailable})`;
    if (process.env['REQUIRE_SERVERS'] === '1') {
      it(why, () => {
        throw new Error(`REQUIRE_SERVERS=1, but ${database.unavailable}`);
      });
    } else {
      describe.skip(why, () => define(database));
    }
  }
}
