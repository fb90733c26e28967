import { ModulesContainer } from '@nestjs/core';
import type { SessionStoreDefinition } from '../session-store.definition.js';
import type { CacheManagerLike } from './cache-manager.cache.js';
import { messages } from './cache-manager.messages.js';
import { CacheManagerStore } from './cache-manager.store.js';
import type { CacheManagerStoreOptions } from './cache-manager.store.options.js';

const OPTIONS: ReadonlySet<string> = new Set([
  'cache',
  'prefix',
  'timeout',
] satisfies (keyof CacheManagerStoreOptions)[]);

/** The token of `@nestjs/cache-manager`, written out so that a given `cache` works without that package. */
const CACHE_MANAGER = 'CACHE_MANAGER';

/**
 * Keeps sessions in the application's cache: by default that of the global `CacheModule` of `@nestjs/cache-manager`,
 * or a given cache or Keyv. The cache needs to have one store.
 *
 * Parallel writers lose nothing within one process; across processes one of two commits in the same millisecond may
 * overwrite the other, and the module says so at boot. A logout is final everywhere.
 *
 * Throws a `TypeError` for options that cannot be right. A cache that is missing or cannot keep a logout fails the boot.
 *
 * @publicApi
 */
export function cacheManagerStore(options: CacheManagerStoreOptions = {}): SessionStoreDefinition {
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new TypeError(messages.unknownOption(unknown));
  const { cache, prefix, timeout } = options;
  if (cache !== undefined) {
    const store = new CacheManagerStore(cache, prefix, timeout);
    return { useFactory: () => store };
  }
  return {
    inject: [{ token: CACHE_MANAGER, optional: true }, ModulesContainer],
    useFactory: (found: CacheManagerLike | undefined, modules: ModulesContainer) => {
      if (found) return new CacheManagerStore(found, prefix, timeout);
      const isProvided = [...modules.values()].some((module) => module.providers.has(CACHE_MANAGER));
      throw new Error(isProvided ? messages.cacheNotGlobal() : messages.noCache());
    },
  };
}
