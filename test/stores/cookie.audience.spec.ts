import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CachedStore, cookieStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { memory } from '../support/memory.js';
import { playground, type Playground } from '../support/playground.js';

const keys = [randomBytes(32).toString('base64url')];

describe.each(adapters)('Two applications with the same keys of cookieStore() on $adapter', ({ make }) => {
  describe.each([{ isRevocable: false }, { isRevocable: true }])(
    '(revocable: $isRevocable)',
    ({ isRevocable }) => {
      let grounds: Playground[] = [];

      async function start() {
        const revocation = isRevocable ? memory() : undefined;
        for (const audience of ['shop', 'admin', undefined]) {
          const store = cookieStore({ keys, revocation });
          const ground = await playground({ adapter: make(), store, session: { audience } });
          ground.on('login', () => ground.sessions.login('ada'));
          ground.on('id', ({ id }) => ({ id }));
          grounds.push(ground);
        }
        return grounds as [Playground, Playground, Playground];
      }
      afterEach(async () => {
        await Promise.all(grounds.splice(0).map((ground) => ground.close()));
      });

      it('know each only their own sessions', async () => {
        await start();
        for (const owner of grounds) {
          const visitor = await owner.visitor({ name: 'Ada' });
          for (const ground of grounds) {
            ground.events.length = 0;
            const headers = { cookie: `sessionid=${visitor.cookie()}` };
            const visit = await ground.browser().post('/read', { headers });
            const isOwn = ground === owner;
            expect(visit.json()).toEqual(isOwn ? { name: 'Ada' } : {});
            expect(visit.setCookies).toHaveLength(isOwn ? 0 : 1);
            expect(ground.events.map(({ type }) => type)).toEqual(isOwn ? [] : ['unknown-token']);
          }
          expect((await visitor.post('/read')).json()).toEqual({ name: 'Ada' });
        }
      });

      it('end only their own', async () => {
        const [shop, admin, plain] = await start();
        if (!isRevocable) {
          await expect(shop.sessions.revokeAll('ada')).rejects.toThrow('cannot find the sessions of a user');
          return;
        }
        const browsers = new Map(grounds.map((ground) => [ground, ground.browser()]));
        for (const [, browser] of browsers) await browser.post('/login');
        const idAt = async (ground: Playground) => (await browsers.get(ground)!.post('/id')).json().id;
        expect(await shop.sessions.revoke(await idAt(admin))).toBe(false);
        expect(await shop.sessions.revokeAll('ada')).toBe(1);
        expect(await plain.sessions.revokeAll('ada')).toBe(1);
        expect((await admin.sessions.list('ada')).map(({ id }) => id)).toEqual([await idAt(admin)]);
        expect(await admin.sessions.revoke(await idAt(admin))).toBe(true);
      });
    },
  );
});

describe('A cache', () => {
  it('is refused in front of a store that keeps the data with its clients', () => {
    const sealing = Object.assign(memory(), { sealer: {}, peek: async () => undefined });
    expect(() => new CachedStore(sealing as never, {} as never)).toThrow('keeps the data with the clients');
  });
});
