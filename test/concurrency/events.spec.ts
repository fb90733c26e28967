import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore, SESSION_CHANNEL, type SessionEvent } from 'nest-sessions';
import { z } from 'zod';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const STRANGER = `${'0'.repeat(32)}.${'S'.repeat(43)}`;

interface Scene {
  readonly ground: Playground;
  readonly browser: Browser;
  readonly id: string;
}

interface Case {
  readonly type: SessionEvent['type'];
  readonly when: string;
  readonly act: (scene: Scene) => Promise<unknown>;
  readonly event: (scene: Scene) => object;
}

const withCookie = (ground: Playground, cookie: string) =>
  ground.browser().post('/read', { headers: { cookie } });

async function writeLate({ ground, browser }: Scene, first: string): Promise<void> {
  const held = ground.hold('before', 'commit');
  const late = browser.fork().post('/set?late=1');
  await held.reached;
  await browser.post(first);
  held.open();
  await late;
}

const cases: Case[] = [
  {
    type: 'created',
    when: 'a session is stored for the first time',
    act: ({ browser }) => browser.post('/set?n=1'),
    event: ({ id }) => ({ id: expect.not.stringContaining(id) }),
  },
  {
    type: 'regenerated',
    when: 'a session gets a new id',
    act: ({ browser }) => browser.post('/regenerate'),
    event: ({ browser, id }) => ({ id: idOf(browser), previousId: id }),
  },
  {
    type: 'login',
    when: 'a visitor with a session logs in',
    act: ({ browser }) => browser.post('/login'),
    event: ({ browser, id }) => ({ id: idOf(browser), userId: 'ada', previousId: id }),
  },
  {
    type: 'logout',
    when: 'a user logs out',
    act: async (scene) => {
      await scene.browser.post('/login');
      const logged = idOf(scene.browser);
      await scene.browser.post('/logout');
      return logged;
    },
    event: () => ({ id: expect.stringMatching(/^[0-9a-f]{32}$/), userId: 'ada' }),
  },
  {
    type: 'revoked-all',
    when: "a user's sessions are revoked",
    act: async ({ ground, browser }) => {
      await browser.post('/login');
      await ground.sessions.revokeAll('ada');
    },
    event: () => ({ userId: 'ada', count: 1 }),
  },
  {
    type: 'renewed',
    when: 'a secret has come of age',
    act: ({ ground, browser }) => {
      ground.clock.advance(HOUR);
      return browser.post('/read');
    },
    event: ({ id }) => ({ id }),
  },
  {
    type: 'expired',
    when: 'expired records are cleared away',
    act: ({ ground }) => {
      ground.clock.advance(14 * DAY);
      return ground.sessions.clearExpired();
    },
    event: () => ({ count: 1 }),
  },
  {
    type: 'revoked',
    when: 'a session is flushed',
    act: ({ browser }) => browser.post('/flush'),
    event: ({ id }) => ({ id, reason: 'flush' }),
  },
  {
    type: 'revoked',
    when: 'a session is revoked by its id',
    act: ({ ground, id }) => ground.sessions.revoke(id),
    event: ({ id }) => ({ id, reason: 'revoke' }),
  },
  {
    type: 'revoked',
    when: 'a renewed secret comes back after its grace',
    act: async ({ ground, browser }) => {
      const thief = browser.fork();
      ground.clock.advance(HOUR);
      await browser.post('/read');
      ground.clock.advance(10);
      await thief.post('/read');
    },
    event: ({ id }) => ({ id, reason: 'secret-reuse' }),
  },
  {
    type: 'interrupted',
    when: 'a write finds its session ended',
    act: (scene) => writeLate(scene, '/flush'),
    event: ({ id }) => ({ id }),
  },
  {
    type: 'conflict',
    when: 'another request commits first',
    act: (scene) => writeLate(scene, '/set?early=1'),
    event: ({ id }) => ({ id, attempt: 1 }),
  },
  {
    type: 'unknown-token',
    when: 'a token belongs to no session',
    act: ({ ground }) => withCookie(ground, `sessionid=${STRANGER}`),
    event: () => ({ id: '0'.repeat(32), ip: '127.0.0.1' }),
  },
  {
    type: 'unknown-token',
    when: 'a token is malformed',
    act: ({ ground }) => withCookie(ground, `sessionid=${STRANGER.slice(1)}`),
    event: () => ({ ip: '127.0.0.1' }),
  },
  {
    type: 'unknown-token',
    when: 'the secret is wrong for the id',
    act: ({ ground, id }) => withCookie(ground, `sessionid=${id}.${'S'.repeat(43)}`),
    event: ({ id }) => ({ id, ip: '127.0.0.1' }),
  },
  {
    type: 'duplicate-cookie',
    when: 'a request carries two cookies of the name',
    act: ({ ground, browser }) => withCookie(ground, `sessionid=${browser.cookie()}; sessionid=${STRANGER}`),
    event: () => ({ count: 2, ip: '127.0.0.1' }),
  },
  {
    type: 'corrupt',
    when: 'a record cannot be read back',
    act: async ({ ground, browser, id }) => {
      const record = (await ground.stored(id))!;
      await ground.real.commit(id, record.version, { ...record, data: '{"name":' });
      await browser.post('/read');
    },
    event: ({ id }) => ({ id }),
  },
  {
    type: 'invalid-data',
    when: 'stored data does not fit the option data',
    act: async ({ ground, browser, id }) => {
      const record = (await ground.stored(id))!;
      await ground.real.commit(id, record.version, { ...record, data: '{"name":1}' });
      await browser.post('/read');
    },
    event: ({ id }) => ({ id, paths: ['name'] }),
  },
  {
    type: 'store-error',
    when: 'the store fails',
    act: ({ ground, browser }) => {
      ground.watched.before = () => {
        throw new Error('the store is away');
      };
      return browser.post('/read');
    },
    event: () => ({ verb: 'load', error: expect.objectContaining({ message: 'the store is away' }) }),
  },
];

describe.each(adapters)('Events ($adapter)', ({ make }) => {
  let ground: Playground;
  let published: unknown[];
  /** Every secret that has been given out or presented. */
  let secrets: string[];
  const listen = (message: unknown) => void published.push(message);

  beforeEach(async () => {
    ground = await playground({
      adapter: make(),
      store: memoryStore() as never,
      session: { renewEvery: HOUR, touchInterval: false, data: z.object({ name: z.string().optional() }) },
    });
    ground.on('login', () => ground.sessions.login('ada'));
    ground.on('logout', () => ground.sessions.logout());
    published = [];
    secrets = ['S'.repeat(43)];
    subscribe(SESSION_CHANNEL, listen);
  });
  afterEach(async () => {
    unsubscribe(SESSION_CHANNEL, listen);
    await ground.close();
  });

  async function scene(): Promise<Scene> {
    const browser = await ground.visitor();
    secrets.push(browser.cookie()!.split('.')[1]!);
    published.length = 0;
    return { ground, browser, id: idOf(browser) };
  }

  /** Neither in JSON nor in what a logger would print, however deep. */
  function carriesNoSecret(...things: unknown[]): void {
    const deep = { depth: Infinity, showHidden: true, maxArrayLength: Infinity, maxStringLength: Infinity };
    for (const thing of things) {
      const text = inspect(thing, deep) + inspect(thing) + String(thing) + json(thing);
      for (const secret of secrets) {
        expect(text).not.toContain(secret);
      }
    }
  }

  it.each(cases)(
    'emits $type when $when, in both places and without a token',
    async ({ type, act, event }) => {
      const set = await scene();
      await act(type === 'created' ? { ...set, browser: ground.browser() } : set);
      const expected = { type, ...event(set) };
      expect(ground.events.filter((one) => one.type === type)).toEqual([expected]);
      expect(published).toEqual(ground.events);
      const after = set.browser.cookie();
      secrets.push(...(after ? [after.split('.')[1]!] : []));
      carriesNoSecret(...ground.events, ...published, ...ground.log);
    },
  );

  it('covers every type of event there is', () => {
    // What handshakes of sockets do is shown in test/live.
    const types: Record<Exclude<SessionEvent['type'], 'foreign-origin'>, true> = {
      created: true,
      login: true,
      logout: true,
      'revoked-all': true,
      regenerated: true,
      renewed: true,
      expired: true,
      revoked: true,
      interrupted: true,
      conflict: true,
      'unknown-token': true,
      'duplicate-cookie': true,
      'invalid-data': true,
      corrupt: true,
      'store-error': true,
    };
    expect([...new Set(cases.map(({ type }) => type))].toSorted()).toEqual(Object.keys(types).toSorted());
  });

  it('emits nothing when nothing happens', async () => {
    const { browser } = await scene();
    await browser.post('/read');
    await browser.post('/set?colour=red');
    await ground.sessions.clearExpired();
    expect(ground.events).toEqual([]);
    expect(published).toEqual([]);
  });

  it('completes the Observable when the application is closed', async () => {
    let isComplete = false;
    ground.sessions.events.subscribe({ complete: () => (isComplete = true) });
    await ground.app.close();
    expect(isComplete).toBe(true);
  });

  it('6.9 shows the secret neither in the session object nor in the service', async () => {
    const { browser } = await scene();
    const seen: unknown[] = [];
    ground.on('look', async (session) => {
      seen.push(session, { session }, [...session], Object.assign({}, session), session.data);
      await session.regenerate();
      await session.save();
      seen.push(session, { session });
    });
    await browser.post('/look');
    secrets.push(browser.cookie()!.split('.')[1]!);
    carriesNoSecret(...seen, ground.sessions, await ground.stored(idOf(browser)));
  });

  it.each([
    { what: 'a failing store', break: () => void (ground.watched.before = failing) },
    {
      what: 'a value that cannot be stored',
      break: () => ground.on('do', (session) => session.set('x', 1n)),
    },
    {
      what: 'data that is too large',
      break: () => ground.on('do', (session) => void session.set('x', 'x'.repeat(2 ** 20))),
    },
    {
      what: 'an interrupted save()',
      break: () =>
        ground.on('do', async (session) => {
          await ground.real.destroy(session.id!);
          session.set('x', 1);
          await session.save();
        }),
    },
  ])('6.9 shows the secret neither in the error, the response nor the log of $what', async (trouble) => {
    const { browser } = await scene();
    ground.on('do', (session) => session.toJSON());
    trouble.break();
    const visit = await browser.post('/do');
    expect(visit.status).toBeGreaterThanOrEqual(409);
    carriesNoSecret(visit.text, [...visit.headers], ground.events, ground.log);
    expect(visit.text).not.toContain('the store is away');
  });
});

function json(thing: unknown): string {
  try {
    return JSON.stringify(thing) ?? '';
  } catch {
    return ''; // What refers to itself has no JSON.
  }
}

function failing(): never {
  throw new Error('the store is away');
}
