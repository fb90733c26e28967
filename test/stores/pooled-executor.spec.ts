import { afterEach, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { PooledExecutor } from '../../lib/stores/typeorm/pooled.executor.js';
import { PostgresExecutor } from '../../lib/stores/typeorm/postgres.executor.js';
import { describeEachDatabase, type ScratchDatabase } from '../support/databases.js';
import { openSessionTable } from '../support/session-table.js';

const PATIENCE = 50;

describeEachDatabase(
  'A statement of the store',
  ({ type, create }) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;
    let impatient: PooledExecutor;
    let patient: PooledExecutor;

    const insert = (id: number) => ({ sql: `INSERT INTO orders VALUES (${id})`, parameters: [] });
    const select = { sql: 'SELECT id FROM orders ORDER BY id', parameters: [] };
    const update = { sql: 'UPDATE orders SET id = 1', parameters: [] };

    async function open(poolSize: number): Promise<void> {
      scratch = await create();
      dataSource = await openSessionTable({ ...scratch.options, poolSize } as ScratchDatabase['options']);
      const Executor = type === 'postgres' ? PostgresExecutor : PooledExecutor;
      impatient = new Executor(dataSource, PATIENCE);
      patient = new Executor(dataSource);
      await dataSource.query('CREATE TABLE orders (id int)');
      await patient.write(insert(1));
    }
    afterEach(async () => {
      await dataSource.destroy();
      await scratch.drop();
    });

    /** Runs `work` while a handler has a transaction open in which it has written. */
    async function during(work: () => Promise<unknown>): Promise<void> {
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query('UPDATE orders SET id = 1');
      await work();
      await runner.rollbackTransaction();
      await runner.release();
    }

    it('is an outage in time when all connections are taken, and is not run afterwards', async () => {
      await open(1);
      await during(() =>
        expect(impatient.write(insert(2))).rejects.toThrow(/has not answered within 0.05 s.*transaction/),
      );
      expect(await patient.read(select)).toEqual([{ id: 1 }]);
    });

    it('is an outage in time when the database does not answer, and gives its connection back', async () => {
      await open(2);
      for (let time = 1; time <= 3; time++) {
        await during(() => expect(impatient.write(update)).rejects.toThrow('has not answered'));
      }
      expect(await Promise.all([1, 2, 3].map(() => patient.read(select)))).toHaveLength(3);
    });
  },
  ({ type }) => type === 'postgres' || type === 'mariadb',
);
