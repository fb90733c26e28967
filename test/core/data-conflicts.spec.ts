import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, type SessionModuleOptions, type SessionStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { counting, dataSchemas } from '../support/data-schemas.js';
import { idOf, playground, type Playground } from '../support/playground.js';

let ground: Playground;
afterEach(() => ground.close());

async function open(data: SessionModuleOptions['data'], make = adapters[0]!.make) {
  ground = await playground({ adapter: make(), store: memoryStore() as never, session: { data } });
  ground.on('apples', (session) => void session.set('apples', 6));
  ground.on('pears', (session) => void session.set('pears', 6));
  const browser = await ground.visitor({ name: 'Ada' });
  return { browser, id: idOf(browser) };
}

const settings = adapters.flatMap((adapter) => dataSchemas.map((schema) => ({ ...adapter, ...schema })));

describe.each(settings)(
  'Parallel requests whose changes do not fit together, by $kind on $adapter',
  ({ make, data }) => {
    it('lets the first of them commit and refuses the second, which writes nothing', async () => {
      const { browser, id } = await open(data, make);
      const held = ground.hold('before', 'commit');
      const late = browser.fork().post('/apples');
      await held.reached;
      expect((await browser.post('/pears')).status).toBe(200);
      held.open();
      const { status, json } = await late;
      expect(status).toBe(422);
      expect(json().problems).toEqual([{ path: 'pears', reason: 'too much fruit' }]);
      expect(await ground.dataOf(id)).toEqual({ name: 'Ada', pears: 6 });
      expect(ground.count('interrupted')).toBe(0);
    });
  },
);

describe('Rules for data, when another request commits first', () => {
  const { data } = dataSchemas[0]!;

  it('are asked again about what update() comes to on its value', async () => {
    const { browser, id } = await open(data);
    ground.on('more', (session) => void session.update('pears', (pears = 0) => pears + 6));
    const held = ground.hold('before', 'commit');
    const late = browser.fork().post('/more');
    await held.reached;
    expect((await browser.post('/more')).status).toBe(200);
    held.open();
    expect((await late).status).toBe(422);
    expect(await ground.dataOf(id)).toEqual({ name: 'Ada', pears: 6 });
  });

  it('are asked about the data as it is then, and not as it was', async () => {
    const { schema, take } = counting(() => []);
    const { browser } = await open(schema);
    const held = ground.hold('before', 'commit');
    const late = browser.fork().post('/apples');
    await held.reached;
    await browser.post('/pears');
    take();
    held.open();
    await late;
    // What the other request has left, and what comes of it.
    expect(take()).toEqual([
      { name: 'Ada', pears: 6 },
      { name: 'Ada', pears: 6, apples: 6 },
    ]);
  });

  it('refuse the data of a new id as well', async () => {
    const { browser, id } = await open(data);
    ground.on('renew', async (session) => {
      session.data.apples = 6;
      await session.regenerate();
    });
    const held = ground.hold('before', 'replace');
    const late = browser.fork().post('/renew');
    await held.reached;
    await browser.post('/pears');
    held.open();
    const { status, setCookies } = await late;
    expect([status, setCookies]).toEqual([422, []]);
    expect(await ground.dataOf(id)).toEqual({ name: 'Ada', pears: 6 });
  });

  it("refuse it under the store's lock too, as what it is and not as a failure of the store", async () => {
    const { browser, id } = await open(data);
    await browser.post('/pears');
    alwaysInConflict(ground.real);
    const { status, json } = await browser.post('/apples');
    expect(status).toBe(422);
    expect(json().problems).toEqual([{ path: 'pears', reason: 'too much fruit' }]);
    expect(ground.count('store-error')).toBe(0);
    expect(await ground.dataOf(id)).toEqual({ name: 'Ada', pears: 6 });
  });

  /** Others are faster every time, until this request has the lock. */
  function alwaysInConflict(store: SessionStore): void {
    store.commit = async (id) => ({
      outcome: 'conflict',
      fresh: { ...(await store.load(id))!, data: '{"name":"Ada"}' },
    });
    store.commitExclusively = async (id, change) => {
      change((await store.load(id))!);
      throw new Error('the change was expected to be refused');
    };
  }
});
