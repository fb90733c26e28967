const EXPRESS = 'express';
const FASTIFY = 'fastify';
const EVERY_STORE = ['memory', 'redis', 'postgres', 'sqlite', 'files', 'cookie'];

export const ADAPTERS = [EXPRESS, FASTIFY];

/** What each store is called in a heading, and who has the sessions there besides us. */
export const STORES = {
  memory: 'Memory',
  redis: 'Redis',
  postgres: 'PostgreSQL',
  sqlite: 'SQLite',
  files: 'Files',
  cookie: 'Cookie',
};

/** Who takes part: a library on each of its adapters with each of its stores. */
const LIBRARIES = [
  { library: 'bare', title: 'bare NestJS', adapters: ADAPTERS },
  { library: 'floor', title: 'floor', adapters: ADAPTERS },
  { library: 'nest-sessions', title: 'nest-sessions', adapters: ADAPTERS, stores: EVERY_STORE },
  {
    library: 'express-session',
    title: 'express-session',
    adapters: [EXPRESS],
    stores: ['memory', 'redis', 'postgres', 'files'],
  },
  {
    library: 'connect-typeorm',
    title: 'express-session, connect-typeorm',
    adapters: [EXPRESS],
    stores: ['postgres', 'sqlite'],
  },
  {
    library: 'fastify-session',
    title: '@fastify/session',
    adapters: [FASTIFY],
    stores: ['memory', 'redis', 'postgres', 'files'],
  },
  {
    library: 'fastify-session-static',
    title: '@fastify/session, `rolling: false`',
    adapters: [FASTIFY],
    stores: ['memory', 'redis', 'postgres', 'files'],
  },
  { library: 'cookie-session', title: 'cookie-session (signed)', adapters: [EXPRESS], stores: ['cookie'] },
  { library: 'iron-session', title: 'iron-session', adapters: ADAPTERS, stores: ['cookie'] },
];

export const CONTESTANTS = LIBRARIES.flatMap(({ library, title, adapters, stores = [undefined] }) =>
  adapters.flatMap((adapter) => stores.map((store) => ({ library, title, adapter, store }))),
);

/** @param which what each of `adapter`, `store` and `library` may be; nothing: anything. */
export function contestantsFor(which) {
  return CONTESTANTS.filter((contestant) =>
    Object.entries(which).every(
      ([property, allowed]) =>
        !allowed?.length || contestant[property] === undefined || allowed.includes(contestant[property]),
    ),
  );
}

/** For a look whether everything works: every store on one of the adapters, in turns. */
export function isStandIn(adapter, store) {
  return ADAPTERS[EVERY_STORE.indexOf(store) % ADAPTERS.length] === adapter;
}
