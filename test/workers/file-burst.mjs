/** Does as many things at once as are asked for, and prints how each kind ended. Arguments: the directory, how many.
 * The ids are the same in every run. */
import { createHash } from 'node:crypto';
import { FileStore } from '../../dist/stores/file/file.store.js';

const [directory, count] = process.argv.slice(2);
const store = new FileStore(directory, console.error);
const now = Date.now();
const fields = {
  secretHash: 'x',
  previousHash: null,
  previousUntil: null,
  data: '{}',
  version: 1,
  userId: null,
};
const times = { createdAt: now, authenticatedAt: null, lastSeenAt: now, expiresAt: now + 3_600_000 };
const rest = { absoluteExpiresAt: null, ip: null, userAgent: null, audience: null, groupId: null };

await store.open({ now: () => now, maxDataSize: 1_048_576 });
const ids = Array.from({ length: Number(count) }, (_, index) =>
  createHash('md5').update(String(index)).digest('hex'),
);
const endings = async (verb) => {
  const answers = await Promise.allSettled(ids.map(verb));
  const words = answers.map(({ status, value, reason }) => (status === 'fulfilled' ? !!value : reason.code));
  return Object.fromEntries(
    [...new Set(words)].map((word) => [word, words.filter((w) => w === word).length]),
  );
};
const created = await endings((id) => store.create({ id, ...fields, ...times, ...rest }));
const loaded = await endings((id) => store.load(id));
process.stdout.write(JSON.stringify({ created, loaded }));
