import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileStore } from 'nest-sessions';
import { table, times, whole } from '../support/results.mjs';
import { CONTEXT, newRecord } from './records.mjs';
import { inRounds, rateRatio } from './throughput.mjs';

const SLOTS = 8;

/** The file store beside plain calls of `node:fs` that read a file of that size, or put one in place durably. */
export async function run({ scratch, rounds, window, quick }) {
  const store = new FileStore(join(scratch.directory, 'files'), () => undefined);
  await store.open(CONTEXT);
  const records = Array.from({ length: SLOTS }, () => newRecord());
  for (const record of records) {
    await store.create(record);
  }
  const plain = await plainFiles(join(scratch.directory, 'plain'), JSON.stringify(records[0]));
  const verbs = {
    load: { ours: (slot) => store.load(records[slot].id), bare: plain.read },
    commit: {
      ours: (slot) => {
        const { id, data, lastSeenAt, expiresAt } = records[slot];
        return store.commit(id, records[slot].version++, { data, lastSeenAt, expiresAt });
      },
      bare: plain.write,
    },
  };
  const rows = [];
  for (const [verb, works] of Object.entries(verbs)) {
    const { ours, bare } = await inRounds(works, { rounds, window, quick, slots: SLOTS });
    const cells = [ours, bare].map(({ rate, cpu }) => `${whole(rate)}/s, ${whole(cpu)} µs`);
    rows.push([verb, ...cells, times(rateRatio(ours, bare))]);
  }
  for (const { id, version } of records) {
    if ((await store.load(id))?.version !== version) {
      throw new Error('The file store has lost a write.');
    }
  }
  return (
    `## Files\n\nCalls per second and CPU time per call, ${SLOTS} at once. Plain: \`readFile\`; and write, fsync, rename and ` +
    'fsync of the folder, without the lock and the look at the version that are part of a commit.\n\n' +
    table(['Verb', 'file store', 'plain fs', 'share'], rows)
  );
}

async function plainFiles(root, content) {
  const path = (slot) => join(root, `${slot}`, 'session.json');
  for (let slot = 0; slot < SLOTS; slot++) {
    await mkdir(dirname(path(slot)), { recursive: true });
    await writeFile(path(slot), content);
  }
  return {
    read: (slot) => readFile(path(slot)),
    async write(slot) {
      const temporary = `${path(slot)}.tmp`;
      await writeFile(temporary, content, { flush: true });
      await rename(temporary, path(slot));
      const folder = await open(dirname(path(slot)));
      await folder.sync();
      await folder.close();
    },
  };
}
