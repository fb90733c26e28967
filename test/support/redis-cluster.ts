import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createCluster } from 'redis';
import { freePort } from './free-port.js';
import { OwnRedis } from './redis-servers.js';

const execute = promisify(execFile);

async function untilItTakesKeys(port: number): Promise<void> {
  for (;;) {
    const { stdout } = await execute('redis-cli', ['-p', String(port), 'cluster', 'info']);
    if (stdout.includes('cluster_state:ok')) return;
  }
}

/** Three servers of one test that share the keys among them. */
export class RedisCluster {
  private constructor(private readonly servers: readonly OwnRedis[]) {}

  static async start(): Promise<RedisCluster> {
    const servers = await Promise.all(
      [1, 2, 3].map(async () =>
        OwnRedis.start('--cluster-enabled', 'yes', '--cluster-port', String(await freePort())),
      ),
    );
    const addresses = servers.map(({ port }) => `127.0.0.1:${port}`);
    // Returns when every server knows which keys it has, which on a busy machine is before it takes any.
    await execute('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
    await Promise.all(servers.map(({ port }) => untilItTakesKeys(port)));
    return new RedisCluster(servers);
  }

  get url(): string {
    return this.servers[0]!.url;
  }

  async client() {
    const client = createCluster({ rootNodes: this.servers.map(({ url }) => ({ url })) });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

export type ClusterClient = Awaited<ReturnType<RedisCluster['client']>>;
