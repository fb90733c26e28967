import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, type SessionModuleOptions } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { counting } from '../support/data-schemas.js';
import { idOf, playground, type Playground, type Step } from '../support/playground.js';

let ground: Playground;
afterEach(() => ground.close());

async function open(data: SessionModuleOptions['data']) {
  const { make } = adapters[0]!;
  ground = await playground({ adapter: make(), store: memoryStore() as never, session: { data } });
}

describe('The rules for data', () => {
  const all = () => counting(() => []);

  it('are asked once for a load and once for a commit, with the keys of the user as they will be read', async () => {
    const { schema, take } = all();
    await open(schema);
    const browser = await ground.visitor({ name: 'Ada' });
    take();
    ground.on('do', (session) => {
      session.flash('notice', 'hello');
      session.data.at = new Date(0);
    });
    await browser.post('/do');
    expect(take()).toEqual([{ name: 'Ada' }, { name: 'Ada', at: '1970-01-01T00:00:00.000Z' }]);
  });

  it.each([
    { what: 'a request that only reads', step: (session) => session.toJSON(), asked: 1 },
    { what: 'the same value again', step: (session) => void session.set('name', 'Ada'), asked: 1 },
    { what: 'a flash value', step: (session) => session.flash('notice', 'hello'), asked: 1 },
    { what: 'an expiry', step: (session) => session.setExpiry('5m'), asked: 1 },
    { what: 'a new id', step: (session) => session.regenerate(), asked: 1 },
    { what: 'a login', step: () => ground.sessions.login('ada').then(() => undefined), asked: 1 },
    { what: 'data that has been cleared', step: (session) => session.clear(), asked: 1 },
    { what: 'the last key deleted', step: (session) => void session.delete('name'), asked: 1 },
    { what: 'a change', step: (session) => void session.set('name', 'Grace'), asked: 2 },
  ] satisfies { what: string; step: Step; asked: number }[])(
    'are asked $asked time(s) for $what',
    async ({ step, asked }) => {
      const { schema, take } = all();
      await open(schema);
      const browser = await ground.visitor({ name: 'Ada' });
      take();
      ground.on('do', step);
      expect((await browser.post('/do')).status).toBe(200);
      expect(take()).toHaveLength(asked);
    },
  );

  it('are not asked about a new session that is empty', async () => {
    const { schema, take } = all();
    await open(schema);
    take();
    await ground.sessions.create();
    await ground.browser().post('/read');
    expect(take()).toEqual([]);
  });

  it('change nothing, whatever they give back or do to what they are given', async () => {
    const { schema } = counting((data) => {
      for (const key of Object.keys(data)) delete data[key];
      data.other = 'from the schema';
      return [];
    });
    await open(schema);
    const browser = await ground.visitor({ name: 'Ada' });
    await browser.post('/set?more=1');
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada', more: '1' });
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', more: '1' });
  });
});
