import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import KeyvRedis, { createKeyv } from '@keyv/redis';
import { Keyv } from 'keyv';
import { cachedStore, fileStore, type SessionStoreDefinition } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { redisStore } from 'nest-sessions/redis';
import { SessionEntity, typeOrmStore } from 'nest-sessions/typeorm';
import { createClient } from 'redis';
import type { DataSourceOptions } from 'typeorm';

/** Where sessions are kept, in words that another process understands. */
export type Place =
  | { readonly kind: 'redis' | 'cacheManager'; readonly port: number }
  | { readonly kind: 'typeOrm'; readonly database: DataSourceOptions }
  | { readonly kind: 'cached'; readonly database: DataSourceOptions; readonly cachePort: number }
  | { readonly kind: 'file'; readonly directory: string };

interface OpenPlace {
  readonly store: SessionStoreDefinition;
  readonly imports: DynamicModule[];
}

/** How long an application waits for a server that does not answer, in milliseconds. */
const PATIENCE = 3_000;

/** As an application opens it. */
export async function openPlace(place: Place): Promise<OpenPlace> {
  switch (place.kind) {
    case 'redis': {
      const client = createClient({ url: urlOf(place.port), socket: { reconnectStrategy: 50 } });
      client.on('error', () => undefined);
      await client.connect();
      return { store: redisStore({ client, timeout: PATIENCE }), imports: [] };
    }
    case 'cacheManager': {
      const cache = createKeyv({ url: urlOf(place.port), socket: { reconnectStrategy: 50 } });
      cache.on('error', () => undefined);
      return { store: cacheManagerStore({ cache, timeout: PATIENCE }), imports: [] };
    }
    case 'file':
      return { store: fileStore({ directory: place.directory }), imports: [] };
    case 'typeOrm':
      return { store: typeOrmStore(), imports: [databaseOf(place.database)] };
    case 'cached': {
      const cache = new Keyv(
        new KeyvRedis(
          { url: urlOf(place.cachePort), socket: { reconnectStrategy: 50 } },
          { throwOnErrors: true },
        ),
      );
      cache.on('error', () => undefined);
      return {
        store: cachedStore({ database: typeOrmStore(), cache }),
        imports: [databaseOf(place.database)],
      };
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

function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`;
}
