import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Whether a Redis can be started here. */
export const canStartRedis = spawnSync('redis-server', ['--version']).error === undefined;

/** A Redis of one test, on a socket in a folder of its own, to be killed and started again. */
export class PrivateRedis {
  private server: ChildProcess | undefined;

  private constructor(private readonly directory: string) {}

  static async start(): Promise<PrivateRedis> {
    const redis = new PrivateRedis(await mkdtemp(join(tmpdir(), 'nest-sessions-redis-')));
    await redis.start();
    return redis;
  }

  get path(): string {
    return join(this.directory, 'redis.sock');
  }

  /** Starts it empty, and resolves when it accepts connections. */
  async start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', this.path, '--save', '', '--appendonly', 'no'];
    const server = spawn('redis-server', options, {
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.server = server;
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.includes('eady to accept connections')) break;
    }
    server.stdout.resume();
  }

  async kill(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
