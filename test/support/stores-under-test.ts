import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { AbstractHttpAdapter } from '@nestjs/core';
import session from 'express-session';
import { Keyv } from 'keyv';
import { cachedStore, fileStore, memoryStore, type SessionStoreDefinition } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { expressSessionStore } from 'nest-sessions/express-session';
import { redisStore } from 'nest-sessions/redis';
import { typeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { adapters } from './adapters.js';
import { describeEachDatabase, type ScratchDatabase } from './databases.js';
import { PATIENT } from './patience.js';
import { describeWithRedis, ownPrefix, redisClient, removeKeys, type Client } from './redis-servers.js';
import { openSessionTable } from './session-table.js';

/** What a test runs on. */
export interface Setting {
  readonly make: () => AbstractHttpAdapter;
  readonly openStore: () => SessionStoreDefinition;
}

const { make } = adapters[0]!;

function describeFiles(title: string, define: (setting: Setting) => void): void {
  describe(`${title} (files)`, () => {
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    });
    afterAll(() => rm(directory, { recursive: true }));
    define({ make, openStore: () => fileStore({ directory }) });
  });
}

function describeRedis(title: string, define: (setting: Setting) => void): void {
  describeWithRedis(`${title} (Redis)`, () => {
    const prefix = ownPrefix();
    let client: Client;
    beforeAll(async () => {
      client = await redisClient();
    });
    afterAll(async () => {
      await removeKeys(client, prefix);
      await client.close();
    });
    define({ make, openStore: () => redisStore({ client, prefix, timeout: PATIENT }) });
  });
}

/** Defines tests for the memory store on both adapters. */
export function describeMemory(title: string, define: (setting: Setting) => void): void {
  describe.each(adapters)(`${title} (memory, $adapter)`, ({ make: makeAdapter }) =>
    define({ make: makeAdapter, openStore: () => memoryStore() }),
  );
}

/**
 * Defines tests for the memory store on both adapters, and on Express for every database that processes can share and
 * every other store that keeps its sessions on the server.
 */
export function describeStores(title: string, define: (setting: Setting) => void): void {
  describeMemory(title, define);
  describeFiles(title, define);
  describeRedis(title, define);
  describe(`${title} (cache-manager)`, () =>
    define({ make, openStore: () => cacheManagerStore({ cache: new Keyv() }) }));
  describe(`${title} (express-session's MemoryStore)`, () =>
    define({ make, openStore: () => expressSessionStore(new session.MemoryStore()) }));
  describeEachDatabase(
    title,
    (database) => {
      let scratch: ScratchDatabase;
      let dataSource: DataSource;
      beforeAll(async () => {
        scratch = await database.create();
        dataSource = await openSessionTable(scratch.options);
      });
      afterAll(async () => {
        await dataSource?.destroy();
        await scratch?.drop();
      });
      define({ make, openStore: () => typeOrmStore({ dataSource }) });
      describe('behind a cache', () =>
        define({ make, openStore: () => cachedStore({ database: typeOrmStore({ dataSource }) }) }));
    },
    ({ inMemory }) => !inMemory,
  );
}
