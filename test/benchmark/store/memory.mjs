import { randomBytes } from 'node:crypto';
import session from 'express-session';
import { MemoryStore } from 'nest-sessions';
import { table, whole } from '../support/results.mjs';
import { CONTEXT, newData, newRecord } from './records.mjs';

const FORTNIGHT = 14 * 24 * 60 * 60 * 1000;

/** Bytes of heap for each session in memory. */
export async function run({ quick }) {
  const count = quick ? 5_000 : 200_000;
  const ours = await bytesOfEach(count, async () => {
    const store = new MemoryStore(count);
    store.open(CONTEXT);
    return { store, add: () => store.create(newRecord({ userAgent: userAgent(), secretHash: hash() })) };
  });
  const withoutClient = await bytesOfEach(count, async () => {
    const store = new MemoryStore(count);
    store.open(CONTEXT);
    return { store, add: () => store.create(newRecord({ userAgent: null, ip: null, secretHash: hash() })) };
  });
  const theirs = await bytesOfEach(count, async () => {
    const store = new session.MemoryStore();
    const add = () =>
      new Promise((resolve) => {
        const cookie = new session.Cookie({ maxAge: FORTNIGHT, sameSite: 'lax' });
        store.set(randomBytes(24).toString('base64url'), { cookie, ...newData() }, resolve);
      });
    return { store, add };
  });
  const rows = [
    ['memoryStore()', whole(ours), 'yes'],
    ['memoryStore(), without address and user agent', whole(withoutClient), 'yes'],
    ['MemoryStore of express-session', whole(theirs), 'no'],
  ];
  return (
    `## Memory\n\nBytes of heap for each of ${whole(count)} sessions with ${JSON.stringify(newData()).length} bytes of data. ` +
    `Budget: at most 1,024, bounded.\n\n${table(['Store', 'Bytes', 'Bounded'], rows)}`
  );
}

/** As they come with a request: a string of its own for each session. */
const userAgent = () =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ${randomBytes(10).toString('hex')}`;
const hash = () => randomBytes(32).toString('base64url');

async function bytesOfEach(count, make) {
  const { store, add } = await make();
  // What is made once, of code or of tables, is not to count.
  for (let index = 0; index < 100; index++) {
    await add();
  }
  const before = heap();
  for (let index = 0; index < count; index++) {
    await add();
  }
  const bytes = (heap() - before) / count;
  // The store has to be reachable until here.
  return store ? bytes : undefined;
}

function heap() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
