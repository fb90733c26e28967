import type { OpenKeyv } from './cache-manager.cache.js';
import { messages } from './cache-manager.messages.js';

/** The one Keyv of a cache. Throws where there are several, or none. */
export function keyvOf(cache: unknown): OpenKeyv {
  if (!isObject(cache)) throw new TypeError(messages.wrongCache());
  if (isCacheable(cache)) throw new Error(messages.severalTiers());
  if (!('stores' in cache) || !Array.isArray(cache.stores)) return checked(cache);
  if (cache.stores.length !== 1) throw new Error(messages.severalStores(cache.stores.length));
  return keyvOf(cache.stores[0]);
}

function checked(keyv: object): OpenKeyv {
  const { get, getMany, set, delete: remove, store } = keyv as Partial<OpenKeyv>;
  const isKeyv =
    [get, getMany, set, remove].every((method) => typeof method === 'function') && isObject(store);
  if (!isKeyv) throw new TypeError(messages.wrongCache());
  return keyv as OpenKeyv;
}

/** What the package `cacheable` makes, by the marks by which `@nestjs/cache-manager` tells it. */
function isCacheable(cache: object): boolean {
  return 'primary' in cache && 'secondary' in cache && 'nonBlocking' in cache;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
