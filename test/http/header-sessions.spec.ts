import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, type SessionModuleOptions } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Visit } from '../support/browser.js';
import { playground, type Playground } from '../support/playground.js';

const HOUR = 3600;
const headers = [
  { header: 'X-Session-Token', form: /^[0-9a-f]{32}\.[\w-]{43}$/ },
  { header: 'Authorization', form: /^Bearer [0-9a-f]{32}\.[\w-]{43}$/ },
];

describe.each(adapters)('A client without cookies on $adapter', ({ make }) => {
  describe.each(headers)('that talks by $header', ({ header, form }) => {
    let ground: Playground;

    async function start(options: SessionModuleOptions = {}): Promise<void> {
      ground = await playground({
        adapter: make(),
        store: memoryStore(),
        session: { transport: 'header', header, ...options },
      });
      ground.on('login', () => ground.sessions.login('ada'));
      ground.on('logout', () => ground.sessions.logout());
      ground.on('who', ({ userId, data }) => ({ userId, data }));
    }
    afterEach(() => ground.close());

    const broughtBy = (visit: Visit) => visit.headers.get(header) ?? undefined;
    const post = (path: string, value?: string) =>
      ground.browser().post(path, { headers: value === undefined ? {} : { [header]: value } });
    const who = async (value: string) => (await post('/who', value)).json();

    it('gets the renewed token in the header, and the old one is accepted in its grace only', async () => {
      await start({ renewEvery: HOUR, renewGrace: 10 });
      const old = broughtBy(await post('/set?name=Ada'))!;
      ground.clock.advance(HOUR);
      const renewed = broughtBy(await post('/read', old))!;
      expect(renewed).toMatch(form);
      expect(renewed).not.toBe(old);
      const late = await post('/read', old);
      expect([late.json(), broughtBy(late)]).toEqual([{ name: 'Ada' }, undefined]);
      ground.clock.advance(10);
      expect((await who(renewed)).data).toEqual({ name: 'Ada' });
      expect(broughtBy(await post('/read', old))).toBe('');
      expect(ground.events).toContainEqual(
        expect.objectContaining({ type: 'revoked', reason: 'secret-reuse' }),
      );
    });

    it('logs in, is somebody, and logs out', async () => {
      await start();
      const anonymous = broughtBy(await post('/set?basket=tea'))!;
      const login = await post('/login', anonymous);
      const token = broughtBy(login)!;
      expect(token).toMatch(form);
      expect(login.setCookies).toEqual([]);
      expect(await who(token)).toEqual({ userId: 'ada', data: { basket: 'tea' } });
      expect(await who(anonymous)).toEqual({ data: {} });
      const logout = await post('/logout', token);
      expect(broughtBy(logout)).toBe('');
      expect(logout.setCookies).toEqual([]);
      expect(await who(token)).toEqual({ data: {} });
      expect(await ground.sessions.list('ada')).toEqual([]);
    });

    it('is told nothing of a token that came by cookie, whatever happens to that', async () => {
      await start({ transport: ['cookie', 'header'], renewEvery: HOUR });
      const visitor = ground.browser();
      await visitor.post('/set?name=Ada');
      ground.clock.advance(HOUR);
      for (const path of ['/read', '/login', '/regenerate', '/logout', '/read']) {
        const visit = await visitor.post(path);
        expect([path, broughtBy(visit)]).toEqual([path, undefined]);
        if (path !== '/read') expect(visit.setCookies).toHaveLength(1);
      }
      expect(ground.events.map(({ type }) => type)).toEqual(
        expect.arrayContaining(['renewed', 'login', 'regenerated', 'logout']),
      );
    });
  });
});
