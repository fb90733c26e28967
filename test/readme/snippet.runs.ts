import { Controller, Get, Logger, Param, ParseIntPipe, Post, type LoggerService } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect, jest } from '@jest/globals';
import { Session } from 'nest-sessions';
import { DataSource } from 'typeorm';
import { Clock } from '../support/clock.js';
import { inEmptyFolder, listen, listenWith, moduleOf, runMain, type Running } from './running.js';

/** What a snippet exports. */
export type Exports = Record<string, any>;

export type PlainRun = (
  load: () => Promise<Exports>,
  neighbour: (name: string) => Promise<Exports>,
) => Promise<void>;

export interface OnAdapter {
  readonly adapter: AbstractHttpAdapter;
  readonly load: () => Promise<Exports>;
}

/** Writes and shows, for snippets that do neither. */
@Controller('probe')
export class ProbeController {
  @Post() write(@Session() session: Session) {
    session.data.name = 'Ada';
    return { id: session.id };
  }

  @Post('page/:page') page(@Session() session: Session, @Param('page', ParseIntPipe) page: number) {
    session.data.page = page;
  }

  @Get() show(@Session() session: Session) {
    return { id: session.id, data: session.toJSON(), notice: session.flash('notice') ?? null };
  }
}

export async function using(
  running: Running | Promise<Running>,
  visit: (running: Running) => Promise<void>,
): Promise<void> {
  const it = await running;
  try {
    await visit(it);
  } finally {
    await it.close();
  }
}

const handler = async ({ adapter, load }: OnAdapter, visit: (running: Running) => Promise<void>) => {
  const { SnippetController } = await load();
  await using(listenWith({ controllers: [SnippetController, ProbeController] }, adapter), visit);
};

const controllers = async (
  { adapter, load }: OnAdapter,
  visit: (running: Running, exports: Exports) => Promise<void>,
) => {
  const exports = await load();
  const own = Object.entries(exports).flatMap(([name, value]) =>
    name.endsWith('Controller') ? [value] : [],
  );
  await using(listenWith({ controllers: [...own, ProbeController] }, adapter), (running) =>
    visit(running, exports),
  );
};

const quickStart = async ({ browser }: Running) => {
  const visitor = browser();
  expect((await visitor.get('/')).json()).toEqual({ hello: 'Guest', visits: 1 });
  const name = await visitor.post('/name', {
    body: JSON.stringify({ name: 'Ada' }),
    headers: { 'content-type': 'application/json' },
  });
  expect(name.status).toBe(201);
  expect((await visitor.get('/')).json()).toEqual({ hello: 'Ada', visits: 2 });
  expect((await browser().get('/')).json()).toEqual({ hello: 'Guest', visits: 1 });
};

/** What proves a snippet on both adapters, by its name. */
export const httpRuns: Readonly<Record<string, (on: OnAdapter) => Promise<void>>> = {
  'app.module': ({ adapter, load }) =>
    inEmptyFolder(async () => {
      const { AppModule } = await load();
      await using(listen(AppModule, adapter), quickStart);
    }),

  'app.controller': (on) => controllers(on, quickStart),

  dictionary: (on) =>
    handler(on, async ({ browser }) => {
      const visitor = browser();
      const answer = {
        name: 'Guest',
        removed: true,
        theme: 'dark',
        keys: ['name', 'cart'],
        left: { name: 'Ada', cart: ['tea'] },
      };
      expect((await visitor.post('/')).json()).toEqual(answer);
      expect((await visitor.post('/')).json()).toEqual({
        ...answer,
        name: 'Ada',
        left: { name: 'Ada', cart: ['tea', 'tea'] },
      });
    }),

  nested: (on) =>
    handler(on, async ({ sessions, browser }) => {
      const visitor = browser();
      await visitor.post('/');
      const { id } = (await visitor.get('/probe')).json();
      const opened = (await sessions.open(id))!;
      opened.data.preferences.theme = 'sepia';
      await opened.save();
      await visitor.post('/');
      expect((await visitor.get('/probe')).json().data).toEqual({
        preferences: { theme: 'dark', language: 'en' },
      });
    }),

  flash: (on) =>
    controllers(on, async ({ browser }) => {
      const visitor = browser();
      const saved = await visitor.post('/profile', {
        body: JSON.stringify({ name: 'Ada' }),
        headers: { 'content-type': 'application/json' },
      });
      expect([saved.status, saved.headers.get('location')]).toEqual([303, '/profile']);
      expect((await visitor.get('/profile')).json()).toEqual({ name: 'Ada', notice: 'Saved.' });
      expect((await visitor.get('/profile')).json()).toEqual({ name: 'Ada' });
    }),

  expiry: (on) =>
    handler(on, async ({ browser }) => {
      expect((await browser().post('/')).setCookies).toEqual([]);
      const visitor = browser();
      await visitor.post('/probe');
      expect((await visitor.post('/')).status).toBe(201);
      expect((await visitor.get('/probe')).json().data).toEqual({ name: 'Ada' });
    }),

  lifecycle: (on) =>
    controllers(on, async ({ browser }) => {
      const visitor = browser();
      await visitor.post('/probe');
      const thief = visitor.fork();
      const { id } = (await visitor.get('/probe')).json();
      await visitor.post('/verify');
      const after = (await visitor.get('/probe')).json();
      expect(after.data).toEqual({ name: 'Ada', verified: true });
      expect(after.id).not.toBe(id);
      expect((await thief.get('/probe')).json().data).toEqual({});
      await visitor.post('/import');
      expect((await visitor.get('/probe')).json()).toEqual(after);
      const left = await visitor.post('/leave');
      expect(left.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      expect(visitor.cookie()).toBeUndefined();
    }),

  typed: (on) =>
    controllers(on, async ({ browser }) => {
      const visitor = browser();
      await visitor.get('/wizard/next');
      // The snippet sets a string where the compiler wants a number; at run time it counts as one.
      expect((await visitor.get('/wizard/next')).text).toBe('two1');
    }),

  'one-value': (on) =>
    controllers(on, async ({ browser }) => {
      const visitor = browser();
      expect((await visitor.get('/items')).json()).toEqual({ page: 1 });
      await visitor.post('/probe/page/7');
      expect((await visitor.get('/items')).json()).toEqual({ page: 7 });
    }),

  'cart.service': async ({ adapter, load }) => {
    const { CartService } = await load();
    @Controller()
    class CartController {
      @Post() async add(@Session() session: Session) {
        const count = await running.app.get(CartService).add('tea');
        return { count, cart: session.get('cart') };
      }
    }
    const running = await listenWith({ controllers: [CartController], providers: [CartService] }, adapter);
    await using(running, async ({ browser }) => {
      const visitor = browser();
      expect((await visitor.post('/')).json()).toEqual({ count: 1, cart: ['tea'] });
      expect((await visitor.post('/')).json()).toEqual({ count: 2, cart: ['tea', 'tea'] });
    });
  },

  progress: (on) =>
    controllers(on, async ({ browser }) => {
      const visitor = browser();
      const stream = await visitor.get('/progress');
      expect(stream.status).toBe(200);
      expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(stream.text.match(/"step":\d/g)).toEqual(['"step":1', '"step":2', '"step":3']);
      expect((await visitor.get('/probe')).json().data).toEqual({ step: 3 });
      expect((await visitor.get('/progress')).status).toBe(200);
    }),

  votes: (on) =>
    handler(on, async ({ browser }) => {
      const visitor = browser();
      await visitor.post('/');
      await Promise.all(Array.from({ length: 20 }, () => visitor.fork().post('/')));
      expect((await visitor.post('/')).json()).toEqual({ votes: 22 });
    }),

  options: async ({ adapter, load }) => {
    const { ShopModule } = await load();
    const module = moduleOf({ imports: [ShopModule], controllers: [ProbeController] });
    await using(listen(module, adapter), async ({ browser }) => {
      const [cookie] = (await browser().post('/probe')).setCookies;
      expect(cookie).toMatch(/^shop=[^;]+; Max-Age=7200;/);
      expect(cookie).toMatch(/SameSite=Strict/);
    });
  },

  'async-options': async ({ adapter, load }) => {
    const { byFactory, byClass, byExistingProvider } = await load();
    const adapterOfItsOwn = () => Reflect.construct(adapter.constructor, []) as AbstractHttpAdapter;
    for (const sessions of [byFactory, byClass, byExistingProvider]) {
      const module = moduleOf({ imports: [sessions], controllers: [ProbeController] });
      await using(listen(module, adapterOfItsOwn()), async ({ browser }) => {
        const [cookie] = (await browser().post('/probe')).setCookies;
        expect(cookie).toMatch(/Max-Age=7200;/);
      });
    }
  },

  'own-columns': ({ adapter, load }) =>
    inEmptyFolder(async () => {
      const { DatabaseModule, AppSession } = await load();
      const module = moduleOf({ imports: [DatabaseModule], controllers: [ProbeController] });
      await using(listen(module, adapter), async ({ app, browser }) => {
        await browser().post('/probe');
        await browser().post('/probe/page/7');
        const rows = await app.get(DataSource).getRepository<Exports>(AppSession).find();
        expect(rows.map(({ name }) => name).toSorted()).toEqual(['Ada', null]);
      });
    }),

  'store.provider': async ({ adapter, load }) => {
    const { OwnStoreModule } = await load();
    const module = moduleOf({ imports: [OwnStoreModule], controllers: [ProbeController] });
    await using(listen(module, adapter), async ({ browser }) => {
      const visitor = browser();
      await visitor.post('/probe');
      expect((await visitor.get('/probe')).json().data).toEqual({ name: 'Ada' });
    });
  },
};

/** What proves a snippet that has no HTTP of its own, or starts its own application. */
export const plainRuns: Readonly<Record<string, PlainRun>> = {
  main: (load) => inEmptyFolder(() => using(runMain(load), quickStart)),

  'main.fastify': (load) =>
    inEmptyFolder(() =>
      using(runMain(load), async (running) => {
        expect(running.app.getHttpAdapter().getType()).toBe('fastify');
        await quickStart(running);
      }),
    ),

  'main.proxy': async (load, neighbour) => {
    const visit = async ({ browser }: Running) => {
      expect((await browser().get('/')).setCookies[0]).not.toMatch(/Secure/);
      const https = { headers: { 'x-forwarded-proto': 'https' } };
      expect((await browser().get('/', https)).setCookies[0]).toMatch(/Secure/);
    };
    await using(runMain(load), visit);
    // What stands below it of Fastify.
    const { AppController } = await neighbour('app.controller');
    const { adapter } = await neighbour('main.proxy.fastify');
    await using(listenWith({ controllers: [AppController] }, adapter, { cookie: { secure: 'auto' } }), visit);
  },

  'main.proxy.fastify': async (load) => {
    expect((await load()).adapter).toBeInstanceOf(FastifyAdapter);
  },

  // Types only: that they hold is the type checker's to say, with this block and without it.
  'session-data': async (load) => {
    expect(Object.keys(await load())).toEqual([]);
  },

  'reminder.job': async (load) => {
    const { ReminderJob } = await load();
    await using(listenWith({ providers: [ReminderJob] }, new ExpressAdapter()), async ({ app, sessions }) => {
      const { id } = await sessions.create();
      expect(await app.get(ReminderJob).remind(id)).toBe(true);
      expect((await sessions.open(id!))!.flash('notice')).toBe('Your cart is waiting.');
      expect(await app.get(ReminderJob).remind('0'.repeat(32))).toBe(false);
    });
  },

  'clear-sessions': (load, neighbour) =>
    inEmptyFolder(async () => {
      const { AppModule } = await neighbour('app.module');
      await using(listen(AppModule, new ExpressAdapter()), async ({ app, sessions }) => {
        await sessions.create();
        await sessions.create();
        const [{ id }] = await app.get(DataSource).query('SELECT id FROM sessions');
        await app.get(DataSource).query('UPDATE sessions SET expires_at = 1 WHERE id = ?', [id]);
      });
      const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
      try {
        await load();
        expect(log.mock.calls).toEqual([['Expired sessions cleared: 1']]);
      } finally {
        log.mockRestore();
      }
    }),

  'session.audit': async (load) => {
    const { SessionAudit } = await load();
    const clock = new Clock();
    const parts = { controllers: [ProbeController], providers: [SessionAudit] };
    const options = { now: clock.now, renewEvery: '1h' };
    await using(listenWith(parts, new ExpressAdapter(), options), async ({ browser }) => {
      const owner = browser();
      await owner.post('/probe');
      const thief = owner.fork();
      clock.advance(3600);
      await owner.get('/probe');
      clock.advance(60);
      const warnings = await warningsDuring(() => thief.get('/probe'));
      expect(warnings).toEqual([expect.stringMatching(/^Session [0-9a-f]{32} was ended: its token seems/)]);
    });
  },

  metrics: async (load) => {
    const { counts } = await load();
    await using(listenWith({}, new ExpressAdapter()), async ({ sessions }) => {
      await (await sessions.create()).flush();
    });
    expect(Object.fromEntries(counts)).toEqual({ created: 1, revoked: 1 });
  },
};

async function warningsDuring(run: () => Promise<unknown>): Promise<unknown[]> {
  const warnings: unknown[] = [];
  const silent = () => undefined;
  const logger: LoggerService = { log: silent, error: silent, warn: (line) => warnings.push(line) };
  Logger.overrideLogger(logger);
  try {
    await run();
  } finally {
    Logger.overrideLogger(false);
  }
  return warnings;
}
