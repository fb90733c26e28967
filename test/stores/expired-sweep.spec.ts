import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { sweepExpired } from '../../lib/stores/typeorm/expired.sweep.js';
import type { StatementExecutor } from '../../lib/stores/typeorm/statement.executor.js';
import type { TypeOrmStatements } from '../../lib/stores/typeorm/typeorm.statements.js';

describe('Clearing expired sessions of a database', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each([true, false])(
    'ends in the pause after a long step when it is aborted (blocking: %s)',
    async (blocking) => {
      let now = 0;
      jest.spyOn(performance, 'now').mockImplementation(() => (now += 3_600_000));
      const executor = {
        blocking,
        read: async () => Array.from({ length: 100 }, (_, id) => ({ id: String(id) })),
        write: async () => 100,
      } as unknown as StatementExecutor;
      const statements = {
        selectExpired: () => ({ sql: '', names: [] }),
        deleteExpired: () => ({ sql: '', parameters: [] }),
      } as unknown as TypeOrmStatements;
      const abort = new AbortController();
      const onProgress = () => void setImmediate(() => abort.abort());
      expect(await sweepExpired(executor, statements, 0, { signal: abort.signal, onProgress })).toBe(100);
    },
  );
});
