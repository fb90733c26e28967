import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cookieStore, memoryStore, type Session, type SessionModuleOptions } from 'nest-sessions';
import { z } from 'zod';
import { adapters } from '../support/adapters.js';
import { counting, dataSchemas } from '../support/data-schemas.js';
import { idOf, playground, type Playground } from '../support/playground.js';

const OLD = { name: 'Ada', visits: 'twelve', cart: { items: [{ sku: 'tea-1' }] }, other: 1 };
const FITTING = { name: 'Ada', other: 1 };
const PATHS = ['cart.items[0].quantity', 'visits'];

let ground: Playground;
afterEach(() => ground.close());

/** A visitor whose session was stored before there were these rules. */
async function visitorWith(
  stored: object,
  data: SessionModuleOptions['data'],
  { make = adapters[0]!.make, first = { name: 'Ada' } as Record<string, unknown> } = {},
) {
  ground = await playground({ adapter: make(), store: memoryStore() as never, session: { data } });
  const browser = await ground.visitor(first);
  const id = idOf(browser);
  await age(id, stored);
  return { browser, id };
}

/** Puts the data into the store as another version of the application would have. */
async function age(id: string, stored: object): Promise<void> {
  const record = (await ground.stored(id))!;
  const { outcome } = await ground.real.commit(
    id,
    record.version,
    { ...record, data: JSON.stringify(stored) },
    {
      id,
      userId: null,
      data: {},
    },
  );
  expect(outcome).toBe('committed');
}

const invalid = () =>
  ground.events.flatMap((event) =>
    event.type === 'invalid-data' ? [{ ...event, paths: [...event.paths].toSorted() }] : [],
  );

const settings = adapters.flatMap((adapter) => dataSchemas.map((schema) => ({ ...adapter, ...schema })));

describe.each(settings)('Stored data that no longer fits $kind, on $adapter', ({ make, data }) => {
  it('is read without the keys that do not fit, with one event, and nothing is written', async () => {
    const { browser, id } = await visitorWith(OLD, data, { make });
    const { status, json, setCookies } = await browser.post('/read');
    expect(status).toBe(200);
    expect(json()).toEqual(FITTING);
    expect(setCookies).toEqual([]);
    expect(invalid()).toEqual([{ type: 'invalid-data', id, paths: PATHS }]);
    expect(ground.watched.take()).toEqual(['load']);
    expect(await ground.dataOf(id)).toEqual(OLD);
  });

  it('goes with the next commit of a change', async () => {
    const { browser, id } = await visitorWith(OLD, data, { make });
    expect((await browser.post('/set?theme=dark')).status).toBe(200);
    expect(await ground.dataOf(id)).toEqual({ ...FITTING, theme: 'dark' });
    await browser.post('/read');
    expect(invalid()).toHaveLength(1);
  });
});

describe('Stored data that no longer fits', () => {
  const { data } = dataSchemas[1]!;

  it('does not keep a flash value from being left and taken', async () => {
    const { browser } = await visitorWith(OLD, data);
    ground.on('leave', (session) => session.flash('notice', 'hello'));
    ground.on('take', (session) => session.flash('notice'));
    expect((await browser.post('/leave')).status).toBe(200);
    expect((await browser.post('/take')).text).toBe('hello');
  });

  it.each([
    { what: 'a login', step: () => ground.sessions.login('ada') },
    { what: 'a new id', step: (session: Session) => session.regenerate() },
  ])('survives $what with the rest of the data', async ({ step }) => {
    const { browser, id } = await visitorWith(OLD, data);
    ground.on('do', step);
    expect((await browser.post('/do')).status).toBe(200);
    expect(idOf(browser)).not.toBe(id);
    expect((await browser.post('/read')).json()).toEqual(FITTING);
  });

  it('makes no change of the data by itself', async () => {
    const { browser } = await visitorWith(OLD, data);
    ground.on('look', (session) => [session.isModified, session.data, session.isModified]);
    expect((await browser.post('/look')).json()).toEqual([false, FITTING, false]);
  });

  it('keeps its expiry moving without being written', async () => {
    const { browser, id } = await visitorWith(OLD, data);
    ground.clock.advance(3600);
    await browser.post('/read');
    expect(ground.watched.take()).toEqual(['load', 'touch']);
    expect(await ground.dataOf(id)).toEqual(OLD);
  });

  it('goes entirely when what is left does not fit either, and the session stays', async () => {
    const stored = { name: 'Ada', $methods: ['pwd'] };
    const first = { email: 'a@b.c' };
    const { browser, id } = await visitorWith(stored, z.object({ email: z.string() }), { first });
    ground.on('look', (session) => [session.id, session.toJSON()]);
    expect((await browser.post('/look')).json()).toEqual([id, {}]);
    expect(invalid()).toEqual([{ type: 'invalid-data', id, paths: ['email'] }]);
    expect((await browser.post('/set?email=a@b.c')).status).toBe(200);
    expect(await ground.dataOf(id)).toEqual({ email: 'a@b.c', $methods: ['pwd'] });
  });

  it('is what a strict schema of Zod or Valibot does not know, and goes by the key', async () => {
    const { browser } = await visitorWith(
      { name: 'Ada', old: 1, older: 2 },
      z.strictObject({ name: z.string() }),
    );
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    expect(invalid()).toMatchObject([{ paths: ['old', 'older'] }]);
  });

  it.each([
    {
      what: 'throws',
      check: () => {
        throw new Error('not made for this');
      },
    },
    { what: 'finds fault with everything', check: () => [{ message: 'no' }] },
  ])('is left out where the rules $what, and never fails the request', async ({ check }) => {
    let isYoung = false;
    const { schema } = counting((values) => (isYoung ? check() : values && []));
    const { browser, id } = await visitorWith({ name: 'Ada' }, schema);
    isYoung = true;
    const { status, json } = await browser.post('/read');
    expect([status, json()]).toEqual([200, {}]);
    expect(invalid()).toEqual([{ type: 'invalid-data', id, paths: [''] }]);
    expect(await ground.dataOf(id)).toEqual({ name: 'Ada' });
  });

  it('is left out by reload() and open() as well, with an event for each load', async () => {
    const { browser, id } = await visitorWith(FITTING, data);
    ground.on('do', async (session) => {
      const before = session.toJSON();
      await age(id, OLD);
      await session.reload();
      return [before, session.toJSON(), session.isModified];
    });
    expect((await browser.post('/do')).json()).toEqual([FITTING, FITTING, false]);
    expect(invalid()).toHaveLength(1);
    expect((await ground.sessions.open(id))!.toJSON()).toEqual(FITTING);
    expect(invalid()).toHaveLength(2);
    expect(await ground.dataOf(id)).toEqual(OLD);
  });

  it('is left out of what another request has committed, when changes are put on top of it', async () => {
    const { browser, id } = await visitorWith(FITTING, data);
    const held = ground.hold('before', 'commit');
    const late = browser.post('/set?theme=dark');
    await held.reached;
    await age(id, OLD);
    held.open();
    expect((await late).status).toBe(200);
    expect(await ground.dataOf(id)).toEqual({ ...FITTING, theme: 'dark' });
    expect(invalid()).toEqual([{ type: 'invalid-data', id, paths: PATHS }]);
  });

  it('stays what it is when changes are dropped', async () => {
    const { browser, id } = await visitorWith(OLD, data);
    ground.on('do', async (session) => {
      session.data.visits = -1;
      await session.save().catch(() => undefined);
      return [session.toJSON(), session.isModified];
    });
    expect((await browser.post('/do')).json()).toEqual([FITTING, false]);
    expect(await ground.dataOf(id)).toEqual(OLD);
  });
});

describe('A session in a cookie whose data no longer fits', () => {
  const store = () => cookieStore({ keys: [key] }) as never;
  const key = randomBytes(32).toString('base64url');

  it('is read without it, reloaded without it, and written without it only with a change', async () => {
    const { make } = adapters[0]!;
    const before = await playground({ adapter: make(), store: store() });
    const old = before.browser();
    before.on('begin', (session) => void session.update(OLD));
    await old.post('/begin');
    ground = await playground({ adapter: make(), store: store(), session: { data: dataSchemas[0]!.data } });
    const browser = ground.browser();
    browser.jar.setCookieSync(`sessionid=${old.cookie()}`, ground.origin);
    ground.on('reload', async (session) => {
      session.data.name = 'Grace';
      await session.reload();
      return session.toJSON();
    });
    expect((await browser.post('/read')).json()).toEqual(FITTING);
    expect((await browser.post('/reload')).json()).toEqual(FITTING);
    ground.clock.advance(3600);
    const { setCookies } = await browser.post('/read');
    expect(setCookies).toHaveLength(1);

    const later = before.browser();
    later.jar.setCookieSync(`sessionid=${browser.cookie()}`, before.origin);
    expect((await later.post('/read')).json()).toEqual(OLD);
    await browser.post('/set?theme=dark');
    later.jar.setCookieSync(`sessionid=${browser.cookie()}`, before.origin);
    expect((await later.post('/read')).json()).toEqual({ ...FITTING, theme: 'dark' });
    await before.close();
  });
});
