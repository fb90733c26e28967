import { setTimeout as delay } from 'node:timers/promises';
import { Query } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  cookieStore,
  fileStore,
  memoryStore,
  Session,
  SessionModule,
  SessionService,
  SessionStore,
} from 'nest-sessions';
import { redisStore } from 'nest-sessions/redis';
import { CreateSessions1735689600000, SessionEntity, typeOrmStore } from 'nest-sessions/typeorm';
import { randomBytes } from 'node:crypto';
import { dataSourceOptions, redisClient, watchSql } from '../support/backends.mjs';
import { basketOf } from '../support/payload.mjs';
import { RACE_WORK } from '../support/routes.mjs';

const VERBS = ['load', 'create', 'commit', 'commitExclusively', 'replace', 'touch', 'rotate', 'destroy'];

async function storeOf({ store, scratch, operations }) {
  switch (store) {
    case 'memory':
      return { store: memoryStore({ max: 1_000_000 }), isWatched: true };
    case 'files':
      return { store: fileStore({ directory: `${scratch.directory}/nest-sessions` }), isWatched: true };
    case 'redis':
      return {
        store: redisStore({ client: await redisClient(), prefix: `${scratch.prefix}nest-sessions:` }),
      };
    case 'cookie':
      return { store: cookieStore({ keys: [randomBytes(32).toString('base64url')] }) };
    default:
      watchSql(operations, store);
      return { store: typeOrmStore(), database: dataSourceOptions(store, scratch) };
  }
}

export async function create(context) {
  const { store, database, isWatched } = await storeOf(context);
  const imports = [SessionModule.forRoot({ store, cookie: { secure: 'auto' } })];
  if (database) {
    const entities = [SessionEntity];
    const migrations = [CreateSessions1735689600000];
    imports.unshift(TypeOrmModule.forRoot({ ...database, entities, migrations, migrationsRun: true }));
  }
  let sessions;
  return {
    imports,
    mount(app) {
      sessions = app.get(SessionService);
      if (isWatched) {
        context.operations.watch(app.get(SessionStore), VERBS);
      }
    },
    parameters: [Session(), Query()],
    actions: {
      read: (session) => ({ user: session.get('user') }),
      write(session) {
        session.set('count', session.get('count', 0) + 1);
        return { user: 'ann' };
      },
      async login(session) {
        await sessions.login('ann');
        session.set('user', 'ann');
        return { user: 'ann' };
      },
      fill(session, { bytes }) {
        session.update({ user: 'ann', count: 0, basket: basketOf(Number(bytes)) });
        return { user: 'ann' };
      },
      async race(session, { key }) {
        const seen = session.size;
        await delay(RACE_WORK);
        session.set(key, 1);
        return { seen };
      },
      keys: (session) => [...session.keys()],
    },
  };
}
