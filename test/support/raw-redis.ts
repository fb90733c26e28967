import { createKeyv } from '@keyv/redis';
import { RedisStore } from 'connect-redis';
import type { SessionStoreDefinition } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { expressSessionStore } from 'nest-sessions/express-session';
import { redisStore } from 'nest-sessions/redis';
import { RESP_TYPES } from 'redis';
import { PATIENT } from './patience.js';
import { inExpress, inKeyv, type Pieces, type RawStore } from './raw-store.js';
import { ownPrefix, redisClient, redisUrl, removeKeys, type Client } from './redis-servers.js';

/** A store whose sessions are strings in Redis under these keys. */
async function redisStrings(
  keysOf: (id: string) => Record<string, string>,
  make: (client: Client, prefix: string) => SessionStoreDefinition,
  read: RawStore['read'],
  close?: () => Promise<unknown>,
): Promise<RawStore> {
  const client = await redisClient();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const prefix = ownPrefix();
  return {
    definition: make(client, prefix),
    read,
    take: async (id) => {
      const keys = Object.entries(keysOf(id));
      const values = await Promise.all(keys.map(([, key]) => bytes.get(prefix + key)));
      return Object.fromEntries(keys.map(([name], index) => [name, values[index] as Buffer]));
    },
    put: async (id, pieces) => {
      const keys = Object.entries(keysOf(id));
      await Promise.all(keys.map(([name, key]) => client.set(prefix + key, pieces[name]!)));
      return true;
    },
    close: async () => {
      await close?.();
      await removeKeys(client, prefix);
      await client.close();
    },
  };
}

export function keyvInRedis(): Promise<RawStore> {
  const cache = createKeyv(redisUrl);
  const keys = (id: string) => ({ record: `s:${id}`, licence: `l:${id}` });
  const make = (_: Client, prefix: string) => cacheManagerStore({ cache, prefix, timeout: PATIENT });
  return redisStrings(keys, make, inKeyv.read, () => cache.disconnect());
}

export function connectRedis(): Promise<RawStore> {
  const make = (client: Client, prefix: string) => expressSessionStore(new RedisStore({ client, prefix }));
  return redisStrings((id) => ({ session: id }), make, inExpress.read);
}

export async function redisHash(): Promise<RawStore> {
  const client = await redisClient();
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  const prefix = ownPrefix();
  return {
    definition: redisStore({ client, prefix, timeout: PATIENT }),
    read: ({ secretHash, data }) => ({ secretHash: secretHash!.toString(), data: data!.toString() }),
    take: async (id) => ({ ...((await bytes.hGetAll(`${prefix}s:${id}`)) as unknown as Pieces) }),
    put: async (id, pieces) => {
      await client
        .multi()
        .del(`${prefix}s:${id}`)
        .hSet(`${prefix}s:${id}`, pieces as Record<string, Buffer>)
        .exec();
      return true;
    },
    close: async () => {
      await removeKeys(client, prefix);
      await client.close();
    },
  };
}
