/**
 * Writes to a directory of sessions until it is killed, and reports what is acknowledged.
 * Arguments: the directory. Begins when it gets a message.
 */
import { randomBytes } from 'node:crypto';
import { FileStore } from '../../dist/stores/file/file.store.js';

const store = new FileStore(process.argv[2], console.error);
const HOUR = 3_600_000;
const newId = () => randomBytes(16).toString('hex');
const newHash = () => randomBytes(32).toString('base64url');

function newRecord(userId, data) {
  const now = Date.now();
  return {
    id: newId(),
    secretHash: newHash(),
    previousHash: null,
    previousUntil: null,
    data,
    version: 1,
    userId,
    createdAt: now,
    authenticatedAt: null,
    lastSeenAt: now,
    expiresAt: now + HOUR,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
  };
}

/** Settles when the parent will hear of it even if this process is killed. */
function report(message) {
  return new Promise((resolve) => process.send(message, resolve));
}

function check(isAsExpected, what) {
  if (!isAsExpected) throw new Error(`unexpected: ${what}`);
}

/** One session that lives through all rounds, counts and changes its id. */
async function writeOneSession() {
  const change = (n) => ({
    data: JSON.stringify({ n, padding: 'x'.repeat(n % 5000) }),
    lastSeenAt: Date.now(),
    expiresAt: Date.now() + HOUR,
  });
  const [found] = await store.findByUser('main');
  let record = found ?? newRecord('main', '{"n":0}');
  if (!found) check(await store.create(record), 'create');
  let n = JSON.parse(record.data).n;
  for (let step = Math.floor(Math.random() * 5); ; step++) {
    const { id, version } = record;
    const next = change(n + 1);
    if (step % 5 === 0) {
      const successor = { ...record, ...next, id: newId(), secretHash: newHash() };
      check((await store.replace(id, version, successor)).outcome === 'committed', 'replace');
      record = successor;
    } else if (step % 5 === 1) {
      check((await store.commit(id, version, next)).outcome === 'committed', 'commit');
    } else if (step % 5 === 2) {
      check(await store.touch(id, version, next), 'touch');
      continue;
    } else if (step % 5 === 3) {
      const rotation = { secretHash: newHash(), previousUntil: Date.now() + 10_000 };
      check(await store.rotate(id, record.secretHash, rotation), 'rotate');
      record = { ...record, ...rotation };
      continue;
    } else {
      check(
        (await store.commitExclusively(id, () => ({ change: next }))).outcome === 'committed',
        'exclusive',
      );
    }
    n += 1;
    record = (await store.load(record.id)) ?? record;
    check(JSON.parse(record.data).n === n, `${n} is read back`);
    await report({ counted: n });
  }
}

/** One session that does nothing but change its id. */
async function replaceOneSession() {
  let [record] = await store.findByUser('moving');
  if (!record) {
    record = newRecord('moving', '{}');
    check(await store.create(record), 'create');
  }
  for (;;) {
    const successor = { ...record, id: newId(), secretHash: newHash() };
    check((await store.replace(record.id, record.version, successor)).outcome === 'committed', 'replace');
    record = successor;
    await report({ moved: record.id });
  }
}

/** Sessions that come and go. */
async function createAndDestroy() {
  for (;;) {
    const record = newRecord('other', '{}');
    check(await store.create(record), 'create');
    await report({ created: record.id });
    if (Math.random() < 0.3) continue;
    await report({ destroying: record.id });
    check(await store.destroy(record.id), 'destroy');
    await report({ destroyed: record.id });
  }
}

await store.open({ now: Date.now, maxDataSize: 1_048_576 });
process.on('disconnect', () => process.exit());
process.once('message', () => void Promise.all([writeOneSession(), replaceOneSession(), createAndDestroy()]));
process.send({ ready: true });
