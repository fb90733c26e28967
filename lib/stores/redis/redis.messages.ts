/** Every text with which the Redis store refuses, in one place: each says what is wrong and what to do. */
export const messages = {
  noClient: () =>
    'redisStore: `client` must be a client or a cluster of the package redis (node-redis 5 or later), made by ' +
    'createClient() or createCluster().',

  wrongPrefix: () => 'redisStore: `prefix` must be a string.',

  wrongTimeout: (timeout: unknown) =>
    `redisStore: \`timeout\` must be a number of milliseconds greater than 0, got ${String(timeout)}.`,

  unknownOption: (names: readonly string[]) =>
    `redisStore: unknown option${names.length > 1 ? 's' : ''} ${names.map((name) => `\`${name}\``).join(', ')}. ` +
    'There are `client`, `prefix` and `timeout`.',

  notConnected: () =>
    'The Redis client of the session store is not connected: await client.connect() before the application starts.',

  noAnswer: (timeout: number) => `Redis has not answered within ${timeout} ms.`,

  anotherAnswer: () =>
    'The Redis client has taken the answer to another command for this one. The package redis does so in version 5, now ' +
    'and then, after it has lost its connection; version 6 does not.',

  clusterClientNeeded: () =>
    'The Redis server of the session store is part of a cluster, and the client is made for a single server: use ' +
    'createCluster() of the package redis.',

  evicting: (policy: string) =>
    `The Redis server of the session store has maxmemory-policy ${policy}: when its memory is full it drops sessions, ` +
    'which logs users out, and the lists of their sessions, which "log out everywhere" needs. Set ' +
    'maxmemory-policy to noeviction, or give sessions a server of their own.',

  idTaken: (id: string) => `A session with the id ${id} already exists.`,
} as const;
