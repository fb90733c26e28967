// One process of several that share the sessions of one database: an HTTP server that its parent steers by messages.
// It uses the package as an application does, by its name, and so what `npm run build` has made.
import 'reflect-metadata';
import { once } from 'node:events';
import { Controller, HttpCode, Inject, Module, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fileStore, memoryStore, SessionLock, SessionModule, SessionService } from 'nest-sessions';
import { redisStore } from 'nest-sessions/redis';
import { createClient } from 'redis';

const { database, directory, redis } = JSON.parse(process.argv[2]);

const closing = [];

/** Tells the parent where this request is, and waits until it says go. */
async function meet(place) {
  process.send({ at: place });
  for (;;) {
    const [message] = await once(process, 'message');
    if (message.go === place) {
      return;
    }
  }
}

/** As one should not: what is read is written back after a while. */
async function countCarelessly(session) {
  const n = session.get('tally', 0);
  await new Promise(setImmediate);
  session.set('tally', n + 1);
}

async function otherStore() {
  if (directory) {
    return fileStore({ directory });
  }
  if (redis) {
    const client = await createClient({ url: redis.url }).connect();
    closing.push(() => client.close());
    return redisStore({ client, prefix: redis.prefix, timeout: 60_000 });
  }
  return memoryStore();
}

class RaceController {
  constructor(sessions) {
    this.sessions = sessions;
  }

  async write(session, { key, value = 'set' }) {
    session.set(key, value);
  }
  async count(session) {
    session.update('n', (n = 0) => n + 1);
  }
  async read(session) {
    return session.toJSON();
  }
  async save(session, { key }) {
    session.set(key, 'saved');
    await session.save();
  }
  async flush(session) {
    await session.flush();
  }
  async regenerate(session) {
    await session.regenerate();
  }
  async tally(session) {
    await countCarelessly(session);
  }
  async lockedTally(session) {
    await countCarelessly(session);
  }
}

Controller()(RaceController);
Inject(SessionService)(RaceController, undefined, 0);
for (const name of ['write', 'count', 'read', 'save', 'flush', 'regenerate', 'tally', 'lockedTally']) {
  const { prototype } = RaceController;
  const act = prototype[name];
  const value = async function (query) {
    const session = await this.sessions.current();
    if (query.meet) {
      await meet(query.meet);
    }
    return act.call(this, session, query);
  };
  const descriptor = { value, writable: true, configurable: true };
  Object.defineProperty(prototype, name, descriptor);
  Post(name)(prototype, name, descriptor);
  HttpCode(200)(prototype, name, descriptor);
  Query()(prototype, name, 0);
  if (name.startsWith('locked')) {
    SessionLock()(prototype, name, descriptor);
  }
}

const imports = [];
if (database) {
  const [{ TypeOrmModule }, { SessionEntity, typeOrmStore }] = await Promise.all([
    import('@nestjs/typeorm'),
    import('nest-sessions/typeorm'),
  ]);
  imports.push(TypeOrmModule.forRoot({ ...database, entities: [SessionEntity], retryAttempts: 0 }));
  imports.push(SessionModule.forRoot({ store: typeOrmStore() }));
} else {
  imports.push(SessionModule.forRoot({ store: await otherStore() }));
}

function AppModule() {}
Module({ imports, controllers: [RaceController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
process.send({ origin: `http://127.0.0.1:${app.getHttpServer().address().port}` });

process.on('message', async ({ stop }) => {
  if (stop) {
    await app.close();
    await Promise.all(closing.map((close) => close()));
    // Nothing but the channel to the parent may keep the process alive now.
    process.disconnect();
  }
});
