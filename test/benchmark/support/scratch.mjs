import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createClient } from 'redis';
import { POSTGRES, REDIS_URL } from './backends.mjs';
import { STORES } from './contestants.mjs';

async function sql(statement) {
  const client = new pg.Client({ ...POSTGRES, connectionTimeoutMillis: 3000 });
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function redis(work) {
  const client = createClient({ url: REDIS_URL, socket: { reconnectStrategy: false, connectTimeout: 3000 } });
  // What fails is told by whoever asked for it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.close();
  }
}

async function reasonOf(work) {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error.message || error.code || String(error);
  }
}

/** Whether SQLite's addon loads in the Node.js that is measured. */
function sqliteProblem(node) {
  const backends = JSON.stringify(join(import.meta.dirname, 'backends.mjs'));
  const script = `import(${backends}).then(({ sqliteInMemory }) => sqliteInMemory().close())`;
  const { status, stderr } = spawnSync(node, ['-e', script], { encoding: 'utf8' });
  return status === 0 ? undefined : (/^\w*Error: .*/m.exec(stderr)?.[0] ?? 'its addon does not load');
}

/**
 * A database, a folder and a prefix of Redis keys for one run. What is not there for the Node.js to measure is told, and in
 * `missing`.
 */
export async function openScratch(node) {
  // Ctrl+C ends the servers, which ends the run, and then what it has made is still to be removed. Again: at once.
  process.once('SIGINT', () => undefined);
  const name = `nest_sessions_bench_${randomBytes(4).toString('hex')}`;
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-bench-'));
  const missing = {
    postgres: await reasonOf(() => sql(`CREATE DATABASE ${name}`)),
    redis: await reasonOf(() => redis((client) => client.ping())),
    sqlite: sqliteProblem(node),
  };
  for (const [store, reason] of Object.entries(missing).filter(([, problem]) => problem)) {
    console.log(`${STORES[store]} is left out: ${reason}`);
  }
  return {
    database: name,
    directory,
    prefix: `${name}:`,
    missing,
    async close() {
      await rm(directory, { recursive: true, force: true });
      if (!missing.postgres) {
        await sql(`DROP DATABASE ${name} WITH (FORCE)`);
      }
      if (!missing.redis) {
        await redis(async (client) => {
          for await (const keys of client.scanIterator({ MATCH: `${name}:*`, COUNT: 1000 })) {
            if (keys.length > 0) {
              await client.unlink(keys);
            }
          }
        });
      }
    },
  };
}
