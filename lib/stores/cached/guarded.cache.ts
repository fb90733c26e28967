import { crc32 } from 'node:zlib';
import { Logger } from '@nestjs/common';
import type { SessionCache } from './session-cache.interface.js';

/** How long a cache may take, in milliseconds. A slower one is no help. */
export const PATIENCE = 200;

/** How long a cache that has failed is left alone, in milliseconds, so that an outage does not slow every request. */
export const REST = 1_000;

/** No entry stays longer, in milliseconds, whatever becomes of the deletes. */
const LONGEST_LIFE = 3_600_000;

const PREFIX = 'nest-sessions:data:';

/** The data of one version of a session. Never changes: another commit makes another version. */
export interface VersionedData {
  readonly version: number;
  readonly data: string;
}

/**
 * A cache that nobody needs to rely on. A failure is a miss or does nothing, and so is whatever would take longer than
 * {@link PATIENCE}. After a failure the cache is left alone for {@link REST}, then one caller tries it again.
 */
export class GuardedCache {
  private readonly logger = new Logger('SessionCache');
  private readonly writes = new Set<Promise<unknown>>();
  private isFailing = false;
  private restsUntil = -Infinity;

  now: () => number = Date.now;

  constructor(private readonly cache: SessionCache) {}

  /** What the cache claims. Worth nothing before its version is compared with the database's. */
  async read(id: string): Promise<VersionedData | undefined> {
    return decode(id, await this.attempt(() => this.cache.get(PREFIX + id)));
  }

  /** Keeps the data until `expiresAt`, without the caller having to wait for it. */
  keep(id: string, entry: VersionedData, expiresAt: number): void {
    const ttl = Math.min(expiresAt - this.now(), LONGEST_LIFE);
    if (ttl > 0) this.inBackground(() => this.cache.set(PREFIX + id, encode(id, entry), ttl));
  }

  /** Frees the room, without the caller having to wait for it. Nothing depends on it. */
  drop(id: string): void {
    this.inBackground(() =>
      this.cache.delete ? this.cache.delete(PREFIX + id) : this.cache.del?.(PREFIX + id),
    );
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    await Promise.all(this.writes);
  }

  private inBackground(work: () => unknown): void {
    const write = this.attempt(work).finally(() => this.writes.delete(write));
    this.writes.add(write);
  }

  private async attempt(work: () => unknown): Promise<unknown> {
    if (this.now() < this.restsUntil) return undefined;
    if (this.isFailing) this.restsUntil = this.now() + REST;
    try {
      const answer = await patiently(work());
      this.recovered();
      return answer;
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  private recovered(): void {
    if (!this.isFailing) return;
    this.isFailing = false;
    this.restsUntil = -Infinity;
    this.logger.log('The session cache answers again.');
  }

  private failed(error: unknown): void {
    this.restsUntil = this.now() + REST;
    if (this.isFailing) return;
    this.isFailing = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn(`The session cache fails, and sessions are read from the database alone: ${reason}`);
  }
}

async function patiently(answer: unknown): Promise<unknown> {
  if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function encode(id: string, { version, data }: VersionedData): string {
  return `${id}:${version}:${sumOf(id, String(version), data)}:${data}`;
}

/** `undefined` for what is not an entry of this very session, just as it was written. */
function decode(id: string, entry: unknown): VersionedData | undefined {
  if (typeof entry !== 'string') return undefined;
  const [owner = '', version = '', sum = ''] = entry.split(':', 3);
  const data = entry.slice(owner.length + version.length + sum.length + 3);
  const isWhole = owner === id && sum === sumOf(id, version, data);
  return isWhole ? { version: Number(version), data } : undefined;
}

/** Tells what was damaged: the database still has it. It does not tell what was forged, and costs next to nothing. */
function sumOf(id: string, version: string, data: string): string {
  return crc32(data, crc32(`${id}:${version}`)).toString(16);
}
