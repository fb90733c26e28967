export type { CacheManagerLike } from './stores/cache-manager/cache-manager.cache.js';
export { cacheManagerStore } from './stores/cache-manager/cache-manager.store.definition.js';
export { CacheManagerStore } from './stores/cache-manager/cache-manager.store.js';
export type { CacheManagerStoreOptions } from './stores/cache-manager/cache-manager.store.options.js';
