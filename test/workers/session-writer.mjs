// One of several processes that write to the same sessions, through the package as it is published. The parent sends
// the job, waits until every process is ready, and starts all of them at once.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import { DataSource } from 'typeorm';

const message = () => new Promise((resolve) => process.once('message', resolve));

const jobs = {
  /** Adds one to a counter, `times` times, each time until it holds. */
  async count(store, { id, times }) {
    let conflicts = 0;
    for (let done = 0; done < times;) {
      const record = await store.load(id);
      const data = JSON.stringify({ n: JSON.parse(record.data).n + 1 });
      const { lastSeenAt, expiresAt } = record;
      const result = await store.commit(id, record.version, { data, lastSeenAt, expiresAt });
      if (result.outcome === 'committed') done++;
      else conflicts++;
    }
    return { conflicts };
  },

  /** Adds one to a counter with the record locked: nobody is ever refused. */
  async countExclusively(store, { id, times }) {
    const outcomes = [];
    for (let done = 0; done < times; done++) {
      const result = await store.commitExclusively(id, ({ data, lastSeenAt, expiresAt }) => ({
        change: { data: JSON.stringify({ n: JSON.parse(data).n + 1 }), lastSeenAt, expiresAt },
      }));
      outcomes.push(result.outcome);
    }
    return { refused: outcomes.filter((outcome) => outcome !== 'committed').length };
  },

  /** Writes until the record is gone. */
  async writeUntilGone(store, { id, lastSeenAt, expiresAt }) {
    let version = 1;
    let written = 0;
    for (;;) {
      const result = await store.commit(id, version, { data: '{"n":1}', lastSeenAt, expiresAt });
      if (result.outcome === 'gone') return { written };
      if (result.outcome === 'committed') {
        if (written++ === 0) process.send({ type: 'written' });
        version++;
      } else version = result.fresh.version;
    }
  },

  /** Tries what only one process may succeed in, for every id. */
  async claim(store, { rotate, replace, destroy, secretHash, previousUntil, successor }) {
    const won = [];
    for (const id of rotate) {
      if (await store.rotate(id, secretHash, { secretHash: `${process.pid}`, previousUntil })) won.push(id);
    }
    for (const id of replace) {
      const record = { ...successor, id: randomBytes(16).toString('hex') };
      if ((await store.replace(id, 1, record)).outcome === 'committed') won.push(id);
    }
    for (const id of destroy) if (await store.destroy(id)) won.push(id);
    return { won };
  },
};

const { options, job, now } = await message();
const dataSource = await new DataSource({ ...options, entities: [SessionEntity] }).initialize();
const store = new TypeOrmStore(dataSource, SessionEntity);
await store.open({ now: () => now, maxDataSize: 1_048_576 });

const go = message();
process.send({ type: 'ready' });
await go;

const result = await jobs[job.name](store, job);
await dataSource.destroy();
process.send({ type: 'done', result }, () => process.disconnect());
