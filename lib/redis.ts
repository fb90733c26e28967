export type { RedisStoreClient } from './stores/redis/redis.client.js';
export { redisStore } from './stores/redis/redis.store.definition.js';
export { RedisStore } from './stores/redis/redis.store.js';
export type { RedisStoreOptions } from './stores/redis/redis.store.options.js';
