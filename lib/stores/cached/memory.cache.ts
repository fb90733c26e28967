import type { SessionCache } from './session-cache.interface.js';

/**
 * Options of {@link memoryCache}.
 *
 * @publicApi
 */
export interface MemoryCacheOptions {
  /** How many characters of session data it holds, of one or two bytes each. Default: 33 554 432. */
  readonly max?: number;
}

/**
 * A cache for `cachedStore()` in the memory of this process, bounded: beyond `max` it forgets what was least recently
 * used. Several processes with a cache each do not disagree, since every read asks the database for the version.
 *
 * Throws a `RangeError` when `max` is not a whole number of at least 1.
 *
 * @publicApi
 */
export function memoryCache(options: MemoryCacheOptions = {}): SessionCache {
  const { max = 33_554_432 } = options;
  if (!Number.isSafeInteger(max) || max < 1) {
    throw new RangeError(`memoryCache: \`max\` must be a whole number of at least 1, got ${String(max)}.`);
  }
  return new MemoryCache(max);
}

class MemoryCache implements SessionCache {
  /** In the order of their last use, so that the first is the one to forget. */
  private readonly values = new Map<string, string>();
  private size = 0;

  constructor(private readonly max: number) {}

  get(key: string): string | undefined {
    const value = this.values.get(key);
    if (value !== undefined) {
      this.values.delete(key);
      this.values.set(key, value);
    }
    return value;
  }

  set(key: string, value: string): void {
    this.delete(key);
    if (value.length > this.max) return;
    this.values.set(key, value);
    this.size += value.length;
    for (const oldest of this.values.keys()) {
      if (this.size <= this.max) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.size -= this.values.get(key)?.length ?? 0;
    this.values.delete(key);
  }
}
