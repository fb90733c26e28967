import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adapters } from './adapters.js';
import { serve, type Served } from './application.js';
import { stores } from './stores.js';
import type { Visitor } from './visitor.js';

const HOUR = 60 * 60;

for (const adapter of adapters) {
  for (const store of stores) {
    const skip = store.unavailable ?? false;
    describe(`Sessions (${store.name}, ${adapter.name})`, { skip }, () => {
      let app: Served;
      before(async () => {
        app = await serve({ adapter, ...(await store.open()) });
      });
      after(() => app?.close());

      /** A visitor with a session that holds something. */
      const visitor = async (): Promise<Visitor> => {
        const ada = app.visitor();
        assert.equal((await ada.post('/write', { body: { name: 'Ada' } })).status, 200);
        assert.ok(ada.cookie());
        return ada;
      };

      it('cost a request nothing that does not use them', async () => {
        const nobody = app.visitor();
        const visit = await nobody.get('/unused');
        assert.deepEqual([visit.text, visit.setCookies, visit.headers.vary], ['unused', [], undefined]);
        assert.deepEqual((await nobody.get('/read')).setCookies, []);
      });

      it('keep what was written', async () => {
        const ada = await visitor();
        await ada.post('/write', { body: { basket: { items: [] } } });
        await ada.post('/nested');
        const { value, headers } = await ada.get('/read');
        assert.deepEqual(value, { name: 'Ada', basket: { items: ['tea'] } });
        assert.match(headers.vary ?? '', /cookie/i);
      });

      it('reach parameters, pipes and services', async () => {
        const ada = await visitor();
        assert.deepEqual((await ada.get('/name')).value, { name: 'Ada' });
        assert.deepEqual((await app.visitor().get('/name')).value, { name: 'Guest' });
        assert.equal((await ada.get('/greeting')).text, 'Hello, Ada');
      });

      it('lose nothing when requests write at once', { skip: lostUpdates(store.isRevocable) }, async () => {
        const ada = await visitor();
        const keys = Array.from({ length: 5 }, (_, index) => `key${index}`);
        const writes = keys.map((key) => ada.copy().post('/write', { body: { [key]: key } }));
        const counts = keys.map(() => ada.copy().post('/count'));
        const visits = await Promise.all([...writes, ...counts]);
        assert.ok(visits.every(({ status }) => status < 300));
        const expected = { name: 'Ada', count: keys.length, ...Object.fromEntries(keys.map((k) => [k, k])) };
        assert.deepEqual((await ada.get('/read')).value, expected);
      });

      it('drop what a request has written that fails, and keep it when it is refused', async () => {
        const ada = await visitor();
        const failed = await ada.post('/fail');
        assert.deepEqual([failed.status, failed.setCookies], [500, []]);
        assert.equal((await ada.post('/refuse')).status, 400);
        assert.deepEqual((await ada.get('/read')).value, { name: 'Ada', refused: true });
      });

      it('get another token by regenerate()', async () => {
        const ada = await visitor();
        const thief = ada.copy();
        await ada.post('/regenerate');
        assert.notEqual(ada.cookie(), thief.cookie());
        assert.deepEqual((await ada.get('/read')).value, { name: 'Ada' });
        if (store.isRevocable) assert.deepEqual((await thief.get('/read')).value, {});
      });

      it('are those of a user from login() to logout()', async () => {
        const ada = await visitor();
        const anonymous = ada.copy();
        assert.equal((await ada.get('/private')).status, 401);
        await ada.post('/login');
        const page = await ada.get('/private');
        assert.deepEqual([page.text, page.headers['cache-control']], ['private', 'no-store']);
        assert.equal((await anonymous.get('/private')).status, 401);
        assert.deepEqual((await ada.get('/read')).value, { name: 'Ada' });
        const thief = ada.copy();
        const logout = await ada.post('/logout');
        assert.match(logout.setCookies.join('\n'), /^sessionid=; .*Max-Age=0/);
        if (store.isRevocable) assert.equal((await thief.get('/private')).status, 401);
      });

      it('are listed and revoked by their user', { skip: noUserIndex(store.name) }, async () => {
        const [ada, phone] = [await visitor(), await visitor()];
        await ada.post('/login');
        await phone.post('/login');
        const [id] = phone.cookie()!.split('.');
        const [other] = ada.cookie()!.split('.');
        const listed = (await app.sessions.list('ada')).map((info) => info.id);
        assert.ok(listed.includes(id!) && listed.includes(other!));
        await app.sessions.revokeAll('ada', { except: other });
        assert.equal((await phone.get('/private')).status, 401);
        assert.equal((await ada.get('/private')).text, 'private');
        assert.equal(await app.sessions.revokeAll('ada'), 1);
      });

      it('are gone after flush()', async () => {
        const ada = await visitor();
        const thief = ada.copy();
        const { setCookies } = await ada.post('/flush');
        assert.match(setCookies.join('\n'), /^sessionid=; .*Max-Age=0/);
        assert.equal(ada.cookie(), undefined);
        if (store.isRevocable) assert.deepEqual((await thief.get('/read')).value, {});
      });

      it('expire by the clock of the server', async () => {
        const ada = await visitor();
        app.clock.advance(13 * 24 * HOUR);
        assert.deepEqual((await ada.get('/read')).value, { name: 'Ada' });
        app.clock.advance(14 * 24 * HOUR + 1);
        const visit = await ada.get('/read');
        assert.deepEqual([visit.value, ada.cookie()], [{}, undefined]);
      });

      it('are never adopted from outside', async () => {
        const token = `${'0'.repeat(32)}.${'S'.repeat(43)}`;
        const headers = { cookie: `sessionid=${token}` };
        const { setCookies } = await app.visitor().post('/write', { body: { name: 'Eve' }, headers });
        assert.equal(setCookies.length, 1);
        assert.ok(!setCookies[0]!.includes('0'.repeat(32)));
        assert.deepEqual((await app.visitor().get('/read', { headers })).value, {});
      });
    });
  }
}

/** A session that travels with its client cannot be merged on the server. */
function lostUpdates(isRevocable: boolean): string | false {
  return isRevocable ? false : 'the cookie store promises no more than the last write';
}

function noUserIndex(name: string): string | false {
  return ['cookie', 'cache-manager'].includes(name)
    ? `the ${name} store cannot find a user's sessions`
    : false;
}
