import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { cachedStore, fileStore, memoryCache, MemoryStore, type SessionStoreDefinition } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { redisStore } from 'nest-sessions/redis';
import { SessionEntity, typeOrmStore } from 'nest-sessions/typeorm';
import { createClient } from 'redis';
import type { DataSourceOptions } from 'typeorm';

/** Where sessions are kept, in words that another process understands. */
export type Place =
  | { readonly kind: 'memory' }
  | { readonly kind: 'redis'; readonly url: string; readonly prefix?: string }
  | { readonly kind: 'cacheManager'; readonly url: string }
  | { readonly kind: 'typeOrm'; readonly database: DataSourceOptions }
  | {
      readonly kind: 'cached';
      readonly database: DataSourceOptions;
      /** On a server, or of so many characters in the process. */
      readonly cache: { readonly url: string } | { readonly characters: number };
    }
  | { readonly kind: 'file'; readonly directory: string };

/** One application's access to it. */
export interface OpenPlace {
  readonly store: SessionStoreDefinition;
  readonly imports?: DynamicModule[];
  /** Closes what belongs to the application and not to the store. */
  close?(): Promise<unknown>;
  /** How many sessions there are, where that costs nothing. */
  count?(): number;
}

/**
 * As an application opens it.
 * @param patience How long it waits for a Redis that does not answer, in milliseconds.
 */
export async function openPlace(place: Place, patience: number): Promise<OpenPlace> {
  switch (place.kind) {
    case 'memory': {
      const store = new MemoryStore(10_000);
      return { store: { useValue: store }, count: () => store['records'].size };
    }
    case 'redis': {
      const client = createClient(serverAt(place.url));
      client.on('error', () => undefined);
      await client.connect();
      return {
        store: redisStore({ client, timeout: patience, ...(place.prefix && { prefix: place.prefix }) }),
        close: () => client.close(),
      };
    }
    case 'cacheManager': {
      const cache = keyvAt(place.url);
      return { store: cacheManagerStore({ cache, timeout: patience }), close: () => cache.disconnect() };
    }
    case 'file':
      return { store: fileStore({ directory: place.directory }) };
    case 'typeOrm':
      return { store: typeOrmStore(), imports: [databaseOf(place.database)] };
    case 'cached': {
      const imports = [databaseOf(place.database)];
      const database = typeOrmStore();
      if ('characters' in place.cache) {
        const cache = memoryCache({ max: place.cache.characters });
        return { store: cachedStore({ database, cache }), imports };
      }
      const cache = keyvAt(place.cache.url);
      return { store: cachedStore({ database, cache }), imports, close: () => cache.disconnect() };
    }
  }
}

function databaseOf(options: DataSourceOptions): DynamicModule {
  return TypeOrmModule.forRoot({
    ...options,
    entities: [SessionEntity],
    retryAttempts: 100,
    retryDelay: 300,
  });
}

/** Over the client that applications are told to give to it: its own takes one answer for another now and then. */
function keyvAt(url: string): Keyv {
  const client = createClient(serverAt(url));
  client.on('error', () => undefined);
  const keyv = new Keyv(new KeyvRedis(client as never, { throwOnErrors: true }));
  keyv.on('error', () => undefined);
  return keyv;
}

function serverAt(url: string) {
  return { url, socket: { reconnectStrategy: 50 } };
}
