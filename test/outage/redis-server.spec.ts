import { createKeyv } from '@keyv/redis';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import { redisStore } from 'nest-sessions/redis';
import { durableRedis } from '../support/outage-redis.js';
import { describeOutage } from '../support/outage-claims.js';
import type { Defer } from '../support/outage-scenario.js';
import { canStartRedis, describeIf, redisClient } from '../support/redis-servers.js';

/** How long a command may wait for a server that is away, in milliseconds: longer than a busy machine takes. */
const timeout = 2_000;

const stores = [
  {
    name: 'redisStore',
    open: async (url: string, defer: Defer) => {
      const client = await redisClient(url);
      defer(() => client.destroy());
      return redisStore({ client, timeout });
    },
  },
  {
    name: 'cacheManagerStore over @keyv/redis',
    open: async (url: string, defer: Defer) => {
      const cache = createKeyv({ url, socket: { reconnectStrategy: 20 } });
      cache.on('error', () => undefined);
      defer(() => cache.disconnect());
      return cacheManagerStore({ cache, timeout });
    },
  },
];

describeIf(canStartRedis, 'A Redis server that is killed', 'there is no redis-server to start', () => {
  for (const { name, open } of stores) {
    describeOutage(`under ${name}`, async (defer) => {
      const server = await durableRedis(defer);
      return { store: await open(server.url, defer), begin: server.kill, end: server.restart };
    });
  }
});
