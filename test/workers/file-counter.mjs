/** Raises the number in a session so many times. Arguments: the directory, the id, how often. */
import { FileStore } from '../../dist/stores/file/file.store.js';

const [directory, id, times] = process.argv.slice(2);
const store = new FileStore(directory, console.error);
await store.open({ now: Date.now, maxDataSize: 1_048_576 });
process.on('disconnect', () => process.exit());
process.once('message', async () => {
  let conflicts = 0;
  for (let done = 0; done < Number(times);) {
    const { data, version } = await store.load(id);
    const { n } = JSON.parse(data);
    const change = {
      data: JSON.stringify({ n: n + 1 }),
      lastSeenAt: Date.now(),
      expiresAt: Date.now() + 3_600_000,
    };
    const { outcome } = await store.commit(id, version, change);
    if (outcome === 'gone') throw new Error('the session is gone');
    if (outcome === 'committed') done += 1;
    else conflicts += 1;
  }
  process.send({ conflicts }, () => process.exit());
});
process.send({ ready: true });
