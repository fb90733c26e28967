import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from '@jest/globals';
import type { SessionRecord } from '../../lib/stores/session-record.js';
import { freePort } from './free-port.js';
import { redisUnavailable } from './shared-redis.js';

export { keysOf, ownPrefix, redisClient, redisUrl, removeKeys, type Client } from './shared-redis.js';

const { REQUIRE_SERVERS } = process.env;

/** Whether tests can use the shared server. One that does not answer is left out, unless REQUIRE_SERVERS is set. */
export const redisIsThere = REQUIRE_SERVERS === '1' || redisUnavailable === undefined;

/** Defines tests that need the shared server. Where it does not answer they are skipped, or fail if it is required. */
export function describeWithRedis(title: string, define: () => void): void {
  if (redisUnavailable === undefined) {
    describe(title, define);
  } else if (REQUIRE_SERVERS === '1') {
    it(title, () => {
      throw new Error(`REQUIRE_SERVERS=1, but ${redisUnavailable}`);
    });
  } else {
    describe.skip(`${title} (skipped: ${redisUnavailable})`, define);
  }
}

/** Whether tests can start servers of their own. */
export const canStartRedis =
  REQUIRE_SERVERS === '1' || spawnSync('redis-server', ['--version']).error === undefined;

/** Defines tests that need something; where that is missing, they are named as skipped. */
export function describeIf(isThere: boolean, title: string, what: string, define: () => void): void {
  if (isThere) describe(title, define);
  else it.skip(`${title}: ${what}`, () => undefined);
}

export function newId(): string {
  return randomBytes(16).toString('hex');
}

/** A record that lives for an hour by the given clock. */
export function newRecord(now: number, fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: newId(),
    secretHash: 'hash',
    previousHash: null,
    previousUntil: null,
    data: '{}',
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    lastSeenAt: now,
    expiresAt: now + 3_600_000,
    absoluteExpiresAt: null,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
    ...fields,
  };
}

/** A Redis server of one test, which may stop it. */
export class OwnRedis {
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    readonly directory: string,
    private readonly options: readonly string[],
  ) {}

  static async start(...options: string[]): Promise<OwnRedis> {
    const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-redis-'));
    const server = new OwnRedis(await freePort(), directory, options);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const { port, directory, options } = this;
    const fixed = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
    const child = spawn('redis-server', ['--port', String(port), ...fixed, ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('Ready to accept connections')) break;
    }
    child.stdout.resume();
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
  }

  /** Takes the power away. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Makes it hang, with its connections open. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.thaw();
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
