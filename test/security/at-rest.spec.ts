import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import session from 'express-session';
import { Keyv } from 'keyv';
import { cachedStore, fileStore, MemoryStore, type SessionStoreDefinition } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { expressSessionStore } from 'nest-sessions/express-session';
import { redisStore } from 'nest-sessions/redis';
import { typeOrmStore } from 'nest-sessions/typeorm';
import { adapters } from '../support/adapters.js';
import { describeEachDatabase, type TestDatabase } from '../support/databases.js';
import { PATIENT } from '../support/patience.js';
import { peeking } from '../support/peeking.store.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import {
  describeWithRedis,
  keysOf,
  ownPrefix,
  redisClient,
  removeKeys,
  type Client,
} from '../support/redis-servers.js';
import { openSessionTable } from '../support/session-table.js';

/** A store, and everything that its storage holds, read without it. */
interface Storage {
  readonly definition: SessionStoreDefinition;
  dump(): Promise<string>;
  close(): Promise<unknown>;
}

const everything = (thing: unknown) =>
  inspect(thing, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null });

async function inMemory(): Promise<Storage> {
  const store = new MemoryStore(100);
  const definition = { useFactory: () => store };
  return { definition, dump: async () => everything(store), close: async () => undefined };
}

async function inCache(): Promise<Storage> {
  const entries = new Map<string, string>();
  const cache = {
    get: (key: string) => entries.get(key),
    set: (key: string, value: string) => entries.set(key, value),
    delete: (key: string) => entries.delete(key),
  };
  const definition = cachedStore({ database: peeking(new MemoryStore(100)), cache });
  return { definition, dump: async () => everything(entries), close: async () => undefined };
}

async function inKeyv(): Promise<Storage> {
  const entries = new Map<string, string>();
  const definition = cacheManagerStore({ cache: new Keyv({ store: entries }) });
  return { definition, dump: async () => everything(entries), close: async () => undefined };
}

async function inExpressSession(): Promise<Storage> {
  const store = new session.MemoryStore();
  const definition = expressSessionStore(store);
  return { definition, dump: async () => everything(store), close: async () => undefined };
}

async function inFiles(): Promise<Storage> {
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  return {
    definition: fileStore({ directory }),
    dump: async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      return (await Promise.all(files.map(async (file) => `${file}\n${await readFile(file)}`))).join('\n');
    },
    close: () => rm(directory, { recursive: true }),
  };
}

async function inDatabase(database: TestDatabase): Promise<Storage> {
  const scratch = await database.create();
  const dataSource = await openSessionTable(scratch.options);
  return {
    definition: typeOrmStore({ dataSource }),
    dump: async () => everything(await dataSource.query('SELECT * FROM sessions')),
    close: async () => {
      await dataSource.destroy();
      await scratch.drop();
    },
  };
}

async function valueOf(client: Client, key: string): Promise<unknown> {
  switch (await client.type(key)) {
    case 'hash':
      return client.hGetAll(key);
    case 'zset':
      return client.zRangeWithScores(key, 0, -1);
    case 'set':
      return client.sMembers(key);
    default:
      return client.get(key);
  }
}

async function inRedis(): Promise<Storage> {
  const [client, prefix] = [await redisClient(), ownPrefix()];
  return {
    definition: redisStore({ client, prefix, timeout: PATIENT }),
    dump: async () => {
      const keys = await keysOf(client, prefix);
      return everything(await Promise.all(keys.map(async (key) => [key, await valueOf(client, key)])));
    },
    close: async () => {
      await removeKeys(client, prefix);
      await client.close();
    },
  };
}

const storages: [string, () => Promise<Storage>][] = [
  ['memory', inMemory],
  ['a cache before a database', inCache],
  ['cache-manager', inKeyv],
  ["express-session's MemoryStore", inExpressSession],
  ['files', inFiles],
];

function describeDump(open: () => Promise<Storage>): void {
  describe.each(adapters)('on $adapter', ({ make }) => {
    let storage: Storage;
    let ground: Playground;

    beforeEach(async () => {
      storage = await open();
      ground = await playground({
        adapter: make(),
        store: storage.definition,
        session: { renewEvery: '1h', touchInterval: false },
      });
      ground.on('login', () => ground.sessions.login('ada'));
    });
    afterEach(async () => {
      await ground.close();
      await storage.close();
    });

    it('1.5 yields nothing that could be presented, at no moment of a session', async () => {
      const browser = await ground.visitor();
      const secrets: string[] = [];
      const dumps: string[] = [];
      for (const path of ['/read', '/login', '/read', '/regenerate', '/read']) {
        await browser.post(path);
        secrets.push(browser.cookie()!.split('.')[1]!);
        dumps.push(await storage.dump());
        ground.clock.advance(3600);
      }
      // Each visit with a token of its own, whether by login, by regeneration or by renewal.
      expect(new Set(secrets).size).toBeGreaterThanOrEqual(4);
      const id = idOf(browser);
      const dump = dumps.at(-1)!;
      expect(dump).toContain(id);
      for (const secret of secrets) {
        const bytes = Buffer.from(secret, 'base64url');
        for (const text of [secret, bytes.toString('hex'), bytes.toString('base64')]) {
          expect(dumps.join('\n')).not.toContain(text);
        }
      }
      const words = new Set(dump.match(/[\w-]{43}/g));
      for (const word of [...words, createHash('sha256').update(secrets.at(-1)!).digest('base64url')]) {
        const visit = await ground
          .browser()
          .post('/read', { headers: { cookie: `sessionid=${id}.${word}` } });
        expect(visit.json()).toEqual({});
      }
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    });
  });
}

describe.each(storages)('A dump of %s', (_, open) => describeDump(open));
describeWithRedis('A dump of Redis', () => describeDump(inRedis));
describeEachDatabase(
  'A dump of the table',
  (database) => describeDump(() => inDatabase(database)),
  ({ inMemory: isInMemory }) => !isInMemory,
);
