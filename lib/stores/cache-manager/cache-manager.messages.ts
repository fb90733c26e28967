/** Every text with which the cache-manager store refuses, in one place: each says what is wrong and what to do. */
export const messages = {
  noCache: () =>
    'No cache found for the sessions: import CacheModule.register({ isGlobal: true, stores: [...] }) from ' +
    '@nestjs/cache-manager in your AppModule, or pass cacheManagerStore({ cache }).',

  cacheNotGlobal: () =>
    'The CacheModule of the application is not global, so that the sessions cannot reach its cache: import it with ' +
    'CacheModule.register({ isGlobal: true, ... }), or pass cacheManagerStore({ cache }).',

  wrongCache: () =>
    'cacheManagerStore: `cache` must be a cache of cache-manager 6 or later, or a Keyv of version 5 or later.',

  wrongPrefix: () => 'cacheManagerStore: `prefix` must be a string.',

  wrongTimeout: (timeout: unknown) =>
    `cacheManagerStore: \`timeout\` must be a number of milliseconds greater than 0, got ${String(timeout)}.`,

  unknownOption: (names: readonly string[]) =>
    `cacheManagerStore: unknown option${names.length > 1 ? 's' : ''} ` +
    `${names.map((name) => `\`${name}\``).join(', ')}. There are \`cache\`, \`prefix\` and \`timeout\`.`,

  severalStores: (count: number) =>
    `The cache for the sessions has ${count} stores, and what is destroyed in one of them may live on in another: a ` +
    'logout would not be final. Pass a cache with one store, such as ' +
    'cacheManagerStore({ cache: createKeyv(redisUrl) }) with createKeyv from @keyv/redis.',

  severalTiers: () =>
    'The cache for the sessions is a Cacheable, which keeps copies in this process and may not wait for a write: a ' +
    'logout would not be final. Pass a Keyv over its secondary store: cacheManagerStore({ cache: new Keyv(...) }).',

  refused: (key: string) => `The cache has not stored the session entry ${key}.`,

  noAnswer: (timeout: number) => `The cache has not answered within ${timeout} ms.`,

  anotherAnswer: () =>
    'The cache has answered with an entry of another session. Where it is a Redis: node-redis 5, which @keyv/redis ' +
    'uses, now and then takes one answer for another after it has lost its connection.',

  idTaken: (id: string) => `A session with the id ${id} already exists.`,
} as const;
