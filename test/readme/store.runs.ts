import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExpressAdapter } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { expect } from '@jest/globals';
import { SessionCapabilityError, SessionModule, type SessionStoreOption } from 'nest-sessions';
import { CreateSessions1735689600000 } from 'nest-sessions/typeorm';
import type { Browser } from '../support/browser.js';
import { redisUrl } from '../support/redis-servers.js';
import { inEmptyFolder, listen, moduleOf, type Running } from './running.js';
import { ProbeController, using, type Exports, type PlainRun } from './snippet.runs.js';

/** Sets variables of the environment for as long as it runs. */
async function withEnvironment(values: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  try {
    await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const newKey = () => randomBytes(32).toString('base64url');
const shown = async (browser: Browser) => (await browser.get('/probe')).json().data;

/** Writes, reads, and ends the session, as every store can whose logout is final. */
async function keepsAndEnds({ browser, sessions }: Running): Promise<void> {
  const visitor = browser();
  const { status } = await visitor.post('/probe');
  expect(status).toBe(201);
  const { id, data } = (await visitor.get('/probe')).json();
  expect(data).toEqual({ name: 'Ada' });
  await visitor.post('/probe/page/7');
  expect(await shown(visitor)).toEqual({ name: 'Ada', page: 7 });
  expect(await sessions.revoke(id)).toBe(true);
  expect(await shown(visitor)).toEqual({});
}

/** An application around the one module that the snippet exports. */
async function inModule(load: () => Promise<Exports>, visit = keepsAndEnds): Promise<void> {
  const [[, module] = []] = Object.entries(await load()).filter(([name]) => name.endsWith('Module'));
  const application = moduleOf({ imports: [module], controllers: [ProbeController] });
  await using(listen(application, new ExpressAdapter()), visit);
}

/** An application with a database, on the store that the snippet exports. */
function withStore(store: SessionStoreOption, visit = keepsAndEnds): Promise<void> {
  const database = TypeOrmModule.forRoot({
    type: 'better-sqlite3',
    database: ':memory:',
    autoLoadEntities: true,
    migrations: [CreateSessions1735689600000],
    migrationsRun: true,
  });
  const imports = [database, SessionModule.forRoot({ store })];
  const application = moduleOf({ imports, controllers: [ProbeController] });
  return using(listen(application, new ExpressAdapter()), visit);
}

const onRedis = (load: () => Promise<Exports>) =>
  withEnvironment({ REDIS_URL: redisUrl }, () => inModule(load));

/** What proves a snippet that needs Redis, by its name. */
export const redisRuns: Readonly<Record<string, PlainRun>> = {
  'redis.store': onRedis,
  'cache-manager.store': onRedis,
  'express-session.store': onRedis,
};

const filesBelow = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

/** What proves a snippet of the chapter on stores that needs no server. */
export const storeRuns: Readonly<Record<string, PlainRun>> = {
  'file.store': (load) =>
    inEmptyFolder(async () => {
      await inModule(load, async (running) => {
        await running.browser().post('/probe');
        expect(filesBelow('sessions').join()).toContain('Ada');
        await keepsAndEnds(running);
      });
    }),

  'cached.store': async (load) => withStore((await load()).store),

  'cookie.store': (load) =>
    withEnvironment({ SESSION_KEYS: `${newKey()},${newKey()}` }, async () => {
      const { stateless, revocable } = await load();
      await withStore(revocable);
      await withStore(stateless, async ({ browser, sessions }) => {
        const visitor = browser();
        const { id } = (await visitor.post('/probe')).json();
        expect(await sessions.open(id)).toBeUndefined();
        await expect(sessions.revoke(id)).rejects.toThrow(SessionCapabilityError);
        expect(await shown(visitor)).toEqual({ name: 'Ada' });
      });
    }),

  encryption: (load) =>
    withEnvironment({ SESSION_KEYS: newKey() }, () =>
      inEmptyFolder(async () => {
        await inModule(load, async (running) => {
          await running.browser().post('/probe');
          expect(existsSync('sessions')).toBe(true);
          const files = filesBelow('sessions').join();
          expect(files).toContain('secretHash');
          expect(files).not.toContain('Ada\\"');
          await keepsAndEnds(running);
        });
      }),
    ),

  'rich-data': (load) =>
    inModule(load, async ({ browser }) => {
      const visitor = browser();
      const year = new Date().getFullYear();
      expect((await visitor.post('/seen')).json()).toEqual({ year, pages: ['page 1'] });
      expect((await visitor.post('/seen')).json()).toEqual({ year, pages: ['page 1', 'page 2'] });
    }),
};
