import type { Defer } from './outage-scenario.js';
import { OwnRedis, redisClient } from './redis-servers.js';

/** A server that forgets nothing that it has acknowledged, to be killed and started again on its files. */
export async function durableRedis(defer: Defer) {
  const server = await OwnRedis.start('--appendonly', 'yes', '--appendfsync', 'always');
  defer(() => server.stop());
  return {
    url: server.url,
    kill: () => server.kill(),
    restart: async () => {
      await server.start();
      const client = await redisClient(server.url);
      await client.ping();
      await client.close();
    },
  };
}
