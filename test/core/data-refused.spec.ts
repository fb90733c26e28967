import { Catch, type ArgumentsHost } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, richSerializer, SessionDataError, type SessionModuleOptions } from 'nest-sessions';
import * as v from 'valibot';
import { adapters } from '../support/adapters.js';
import { counting } from '../support/data-schemas.js';
import { playground, type Playground } from '../support/playground.js';

const SECRET = 'hunter2-is-a-secret';

let ground: Playground;
afterEach(() => ground.close());

async function open(
  data: SessionModuleOptions['data'],
  session: Omit<SessionModuleOptions, 'store' | 'data'> = {},
) {
  const { make } = adapters[0]!;
  ground = await playground({
    adapter: make(),
    store: memoryStore() as never,
    session: { ...session, data },
  });
}

describe('A commit that is refused', () => {
  const noName = () => counting((data) => (data.name === 'bad' ? [{ message: 'bad', path: ['name'] }] : []));

  it.each(adapters)(
    'leaves the answer to a filter, which may use the session ($adapter)',
    async ({ make }) => {
      @Catch(SessionDataError)
      class Back {
        async catch(error: SessionDataError, host: ArgumentsHost) {
          const session = await ground.sessions.current();
          session.flash('problems', error.problems);
          const response = host.switchToHttp().getResponse();
          response.header('location', '/form');
          response.status(303).send('back');
        }
      }
      ground = await playground({
        adapter: make(),
        store: memoryStore() as never,
        session: { data: noName().schema },
        serve: { prepare: (app) => void app.useGlobalFilters(new Back()) },
      });
      const browser = await ground.visitor({ name: 'Ada' });
      ground.on('problems', (session) => session.flash('problems'));
      const { status, text } = await browser.post('/set?name=bad&more=1');
      expect([status, text]).toEqual([303, 'back']);
      expect((await browser.post('/problems')).json()).toEqual([{ path: 'name', reason: '…' }]);
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    },
  );

  it('throws from save(), after which the session is what it was', async () => {
    await open(noName().schema);
    const browser = await ground.visitor({ name: 'Ada' });
    ground.on('do', async (session) => {
      session.data.name = 'bad';
      await expect(session.save()).rejects.toMatchObject({ problems: [{ path: 'name', reason: '…' }] });
      const between = { ...session.data };
      session.data.name = 'Grace';
      return between;
    });
    expect((await browser.post('/do')).json()).toEqual({ name: 'Ada' });
    expect((await browser.post('/read')).json()).toEqual({ name: 'Grace' });
  });

  it('is a 422 also where the handler lets the error of save() pass', async () => {
    await open(noName().schema);
    const browser = await ground.visitor({ name: 'Ada' });
    ground.on('do', async (session) => {
      session.data.name = 'bad';
      await session.save();
    });
    expect((await browser.post('/do')).status).toBe(422);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
  });

  it('throws from create() and from run()', async () => {
    const { schema } = noName();
    await open(schema);
    await expect(ground.sessions.create({ name: 'bad' })).rejects.toBeInstanceOf(SessionDataError);
    const session = await ground.sessions.create({ name: 'Ada' });
    await expect(ground.sessions.run(session, () => void session.set('name', 'bad'))).rejects.toBeInstanceOf(
      SessionDataError,
    );
    expect(await ground.dataOf(session.id!)).toEqual({ name: 'Ada' });
  });

  it('names 20 problems at the most, and says how many more there are', async () => {
    const issues = Array.from({ length: 23 }, (_, index) => ({ message: 'wrong', path: ['list', index] }));
    await open(counting((data) => ('list' in data ? issues : [])).schema);
    const { message, problems } = (await ground.browser().post('/set?list=1')).json();
    expect(problems).toHaveLength(20);
    expect(problems[19]).toEqual({ path: 'list[19]', reason: 'wrong' });
    expect(message).toMatch(/wrong; and 3 more\.$/);
  });

  it('names the whole data by no path', async () => {
    await open(counting((data) => ('bad' in data ? [{ message: 'all of it is wrong' }] : [])).schema);
    const { message, problems } = (await ground.browser().post('/set?bad=1')).json();
    expect(problems).toEqual([{ path: '', reason: 'all of it is wrong' }]);
    expect(message).toBe('The session data is not valid: all of it is wrong.');
  });

  it('hides what a schema has made of a value before it found fault with it', async () => {
    const name = v.pipe(v.string(), v.toUpperCase(), v.email());
    await open(v.object({ name }));
    const { problems } = (await ground.browser().post(`/set?name=${SECRET}`)).json();
    expect(problems).toEqual([{ path: 'name', reason: 'Invalid email: Received "…"' }]);
  });

  it('hides a value that a message shows, whatever its kind', async () => {
    const at = new Date(1_767_268_800_000);
    const shown = [
      SECRET,
      '"quo\\ted"',
      'x',
      42,
      7n,
      true,
      at,
      new Map([['k', 'in a map']]),
      Buffer.from('abc'),
    ];
    const issues = shown.map((value, index) => ({
      message: `expected, not ${value instanceof Map ? 'in a map' : String(value)} or ${inJson(value)}`,
      path: ['list', index],
    }));
    await open(counting((data) => ('list' in data ? issues : [])).schema, {
      serializer: richSerializer,
    });
    ground.on('do', (session) => session.set('list', shown));
    const { problems } = (await ground.browser().post('/do')).json();
    for (const { reason } of problems) expect(reason).toMatch(/^expected, not … or "?…"?$/);
  });

  function inJson(value: unknown): string {
    return value instanceof Map
      ? 'in a map'
      : typeof value === 'bigint'
        ? `${value}`
        : JSON.stringify(value instanceof Uint8Array ? String(value) : value);
  }
});
