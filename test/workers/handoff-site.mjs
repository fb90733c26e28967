// One application of a single sign-on as a process of its own, which its parent steers by messages. It uses the package
// as an application does, by its name, and so what `npm run build` has made.
import 'reflect-metadata';
import { once } from 'node:events';
import { Controller, Get, HttpCode, Inject, Module, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { fileStore, SessionModule, SessionService, SessionStore } from 'nest-sessions';
import { HandoffModule } from 'nest-sessions/handoff';
import { redisStore } from 'nest-sessions/redis';
import { createClient } from 'redis';

/** `holds`: at which verbs on which kinds of side records to wait for the parent, such as `load nest-sessions/ticket`. */
const { audience, store, issuer, consumer, host, port, holds = [] } = JSON.parse(process.argv[2]);

const closing = [];

/** Tells the parent where this process is, and waits until it says go. */
async function meet(place) {
  process.send({ at: place });
  for (;;) {
    const [message] = await once(process, 'message');
    if (message.go === place) {
      return;
    }
  }
}

async function sessionModules({ database, directory, redis }) {
  if (database) {
    const [{ TypeOrmModule }, { SessionEntity, typeOrmStore }] = await Promise.all([
      import('@nestjs/typeorm'),
      import('nest-sessions/typeorm'),
    ]);
    return [
      TypeOrmModule.forRoot({ ...database, entities: [SessionEntity], retryAttempts: 0 }),
      SessionModule.forRoot({ store: typeOrmStore(), audience, cleanup: false }),
    ];
  }
  if (directory) {
    return [SessionModule.forRoot({ store: fileStore({ directory }), audience, cleanup: false })];
  }
  const client = await createClient({ url: redis.url }).connect();
  closing.push(() => client.close());
  const onRedis = redisStore({ client, prefix: redis.prefix });
  return [SessionModule.forRoot({ store: onRedis, audience, cleanup: false })];
}

class SiteController {
  constructor(sessions) {
    this.sessions = sessions;
  }

  async me() {
    return { userId: (await this.sessions.current()).userId ?? null };
  }

  async login(user) {
    await this.sessions.login(user);
  }
}

Controller()(SiteController);
Inject(SessionService)(SiteController, undefined, 0);
const { prototype } = SiteController;
const method = (name) => [prototype, name, Object.getOwnPropertyDescriptor(prototype, name)];
Get('me')(...method('me'));
Post('login')(...method('login'));
HttpCode(200)(...method('login'));
Query('user')(prototype, 'login', 0);

const handoff = issuer ? HandoffModule.forIssuer(issuer) : HandoffModule.forConsumer(consumer);
function AppModule() {}
Module({ imports: [...(await sessionModules(store)), handoff], controllers: [SiteController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.init();

/** A record is known before it is created, and after it is loaded. */
const kept = app.get(SessionStore, { strict: false });
const [load, create] = [kept.load.bind(kept), kept.create.bind(kept)];
const pause = async (verb, record) => {
  const place = `${verb} ${record?.audience}`;
  if (holds.includes(place)) {
    await meet(place);
  }
};
kept.load = async (id) => {
  const record = await load(id);
  await pause('load', record);
  return record;
};
kept.create = async (record, source) => {
  await pause('create', record);
  return create(record, source);
};

await app.listen(port, host);
process.send({ origin: `http://${host}:${app.getHttpServer().address().port}` });

process.on('message', async ({ stop }) => {
  if (stop) {
    await app.close();
    await Promise.all(closing.map((close) => close()));
    // Nothing but the channel to the parent may keep the process alive now.
    process.disconnect();
  }
});
