import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { dataSchemas } from '../support/data-schemas.js';
import { idOf, playground, type Playground, type Step } from '../support/playground.js';

const SECRET = 'hunter2-is-a-secret';
const settings = adapters.flatMap((adapter) => dataSchemas.map((schema) => ({ ...adapter, ...schema })));

let ground: Playground;
afterEach(() => ground.close());

describe.each(settings)('Data validated by $kind on $adapter', ({ make, data }) => {
  const open = async () => {
    ground = await playground({ adapter: make(), store: memoryStore() as never, session: { data } });
  };

  const rejected: { what: string; step: Step; paths: string[] }[] = [
    { what: 'a value of another type', step: (session) => session.set('name', 5), paths: ['name'] },
    {
      what: 'a value deep inside',
      step: (session) => {
        const good = { sku: 'tea-1', quantity: 1 };
        session.data.cart = { items: [good, { sku: 'x', quantity: 1 }] };
      },
      paths: ['cart.items[1].sku'],
    },
    {
      what: 'several values',
      step: (session) => session.update({ visits: -1, name: 'A', theme: 'dark' }),
      paths: ['name', 'visits'],
    },
    {
      what: 'values that do not go together',
      step: (session) => session.update({ apples: 6, pears: 5 }),
      paths: ['pears'],
    },
    {
      what: 'a value that update() comes to',
      step: (session) => session.update('visits', (visits = 0) => visits - 1),
      paths: ['visits'],
    },
    {
      what: 'a Date, which is a string when it is read again',
      step: (session) => session.set('visits', new Date(0)),
      paths: ['visits'],
    },
  ];

  it.each(rejected)(
    'refuses $what with 422, names where it is, and writes nothing',
    async ({ step, paths }) => {
      await open();
      const browser = await ground.visitor({ name: 'Ada' });
      ground.on('do', step);
      const { status, json, setCookies } = await browser.post('/do');
      const body = json();
      expect(status).toBe(422);
      expect(body).toMatchObject({ statusCode: 422, error: 'Unprocessable Entity' });
      const named = body.problems.map(({ path }: { path: string }) => path);
      expect([...new Set(named)].toSorted()).toEqual(paths);
      for (const path of paths) expect(body.message).toContain(`${path}: `);
      expect(setCookies).toEqual([]);
      expect(ground.watched.take()).toEqual(['load']);
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    },
  );

  it('commits what fits, with the keys that no rule is about', async () => {
    await open();
    const browser = await ground.visitor({ name: 'Ada' });
    const cart = { items: [{ sku: 'tea-1', quantity: 2, note: 'hot' }] };
    ground.on('do', (session) => void session.update({ cart, other: [1] }));
    expect((await browser.post('/do')).status).toBe(200);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', cart, other: [1] });
  });

  it('starts no session with what does not fit', async () => {
    await open();
    const browser = ground.browser();
    const { status, setCookies } = await browser.post('/set?visits=many');
    expect(status).toBe(422);
    expect(setCookies).toEqual([]);
    expect(ground.watched.take()).toEqual([]);
  });

  it('stages no new id for what does not fit', async () => {
    await open();
    const browser = await ground.visitor({ name: 'Ada' });
    const id = idOf(browser);
    ground.on('enter', async (session) => {
      session.data.visits = 'many';
      await ground.sessions.login('ada');
    });
    ground.on('renew', async (session) => {
      session.data.visits = 'many';
      await session.regenerate();
    });
    for (const step of ['/enter', '/renew']) {
      const { status, setCookies } = await browser.post(step);
      expect([status, setCookies]).toEqual([422, []]);
    }
    expect(idOf(browser)).toBe(id);
    expect(await ground.stored(id)).toMatchObject({ userId: null, version: 1 });
    expect(await ground.dataOf(id)).toEqual({ name: 'Ada' });
  });

  it('never says what a value was', async () => {
    await open();
    ground.on('do', (session) =>
      session.update({
        name: [SECRET],
        visits: SECRET,
        cart: { items: [{ sku: { [SECRET.slice(1)]: 1 }, quantity: 8_675_309 }, SECRET] },
        street: SECRET,
      }),
    );
    const { status, text } = await ground.browser().post('/do');
    expect(status).toBe(422);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('8675309');
    expect(ground.log.join()).not.toContain('hunter2');
  });
});
