import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { openSessionTable, sessionRecord } from '../support/session-table.js';

const WORKER = fileURLToPath(new URL('../workers/session-writer.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/typeorm.js', import.meta.url));
const PROCESSES = 4;
const NOW = 1_000;

type Message = { type: 'ready' | 'written' } | { type: 'done'; result: Record<string, any> };

function next(child: ChildProcess, type: Message['type']): Promise<any> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The process ended with ${code} before it was ${type}.`)));
    child.on('message', (message: Message) => {
      if (message.type === type) resolve(message.type === 'done' ? message.result : undefined);
    });
  });
}

describeEachDatabase(
  'Four processes',
  ({ create }) => {
    let scratch: ScratchDatabase;
    let dataSource: DataSource;
    let store: TypeOrmStore;

    beforeAll(async () => {
      if (!existsSync(BUILT)) throw new Error('The processes import the built package: npm run build');
      scratch = await create();
      dataSource = await openSessionTable(scratch.options);
      store = new TypeOrmStore(dataSource, SessionEntity);
      await store.open({ now: () => NOW, maxDataSize: 1_048_576 });
    });

    afterAll(async () => {
      await dataSource?.destroy();
      await scratch?.drop();
    });

    /** Gives the job to four processes that all start at once. */
    async function inProcesses(job: object, meanwhile?: (children: ChildProcess[]) => Promise<void>) {
      const children = Array.from({ length: PROCESSES }, () => fork(WORKER, { execArgv: [] }));
      try {
        const ready = children.map((child) => next(child, 'ready'));
        for (const child of children) child.send({ options: scratch.options, now: NOW, job });
        await Promise.all(ready);
        const done = children.map((child) => next(child, 'done'));
        const doing = meanwhile?.(children);
        for (const child of children) child.send('go');
        const [results] = await Promise.all([Promise.all(done), doing]);
        return results as Record<string, any>[];
      } finally {
        for (const child of children) child.kill();
      }
    }

    it('that count in one session lose nothing', async () => {
      await store.create(sessionRecord('counter', { data: '{"n":0}' }));
      await inProcesses({ name: 'count', id: 'counter', times: 50 });
      expect(await store.load('counter')).toMatchObject({ data: '{"n":200}', version: 201 });
    });

    it('that count with the record locked are never refused', async () => {
      await store.create(sessionRecord('locked', { data: '{"n":0}' }));
      const results = await inProcesses({ name: 'countExclusively', id: 'locked', times: 25 });
      expect(results).toEqual(results.map(() => ({ refused: 0 })));
      expect(await store.load('locked')).toMatchObject({ data: '{"n":100}', version: 101 });
    });

    it('that write while the session is destroyed do not bring it back', async () => {
      const { id, lastSeenAt, expiresAt } = sessionRecord('doomed');
      await store.create(sessionRecord(id));
      const job = { name: 'writeUntilGone', id, lastSeenAt, expiresAt };
      const results = await inProcesses(job, async (children) => {
        await Promise.all(children.map((child) => next(child, 'written')));
        expect(await store.destroy(id)).toBe(true);
      });
      expect(results.every(({ written }) => written > 0)).toBe(true);
      expect(await store.load(id)).toBeUndefined();
      expect(await dataSource.getRepository(SessionEntity).countBy({ id })).toBe(0);
    });

    it('that rotate, replace and destroy the same sessions succeed once each', async () => {
      const ids = (verb: string) => Array.from({ length: 20 }, (_, index) => `${verb}-${index}`);
      const job = { rotate: ids('rotate'), replace: ids('replace'), destroy: ids('destroy') };
      const all = [...job.rotate, ...job.replace, ...job.destroy];
      for (const id of all) await store.create(sessionRecord(id, { userId: id, secretHash: 'first' }));
      const successor = sessionRecord('', { userId: 'successor' });
      const results = await inProcesses({
        name: 'claim',
        ...job,
        secretHash: 'first',
        previousUntil: 1,
        successor,
      });
      const won = results.flatMap((result) => result['won'] as string[]);
      expect(won.toSorted()).toEqual(all.toSorted());
      expect(await store.findByUser('successor')).toHaveLength(20);
      expect(await store.findByUser('replace-0')).toEqual([]);
    });
  },
  ({ inMemory }) => !inMemory,
);
