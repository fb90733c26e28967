import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { memoryStore } from 'nest-sessions';
import { adapters } from './adapters.js';
import { serve, type Served } from './application.js';
import { untilNest } from './nest.js';

interface Case {
  readonly what: string;
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly key: string;
  readonly status: number;
  readonly text: string;
  readonly skip?: string | false;
}

for (const adapter of adapters) {
  describe(`Responses (${adapter.name})`, () => {
    let app: Served;
    before(async () => {
      app = await serve({ adapter, session: { store: memoryStore() } });
    });
    after(() => app?.close());

    const cases: Case[] = [
      {
        what: 'sends by itself',
        method: 'post',
        path: '/manual',
        key: 'manual',
        status: 202,
        text: 'manual',
      },
      {
        what: 'streams',
        method: 'get',
        path: '/stream',
        key: 'streamed',
        status: 200,
        text: 'one,two,three',
      },
      {
        what: 'sends events',
        method: 'get',
        path: '/events',
        key: 'listened',
        status: 200,
        text: 'data: one',
        skip: untilNest('11.1.20', 'the head of server-sent events leaves ahead of their handler'),
      },
    ];
    for (const { what, method, path, key, status, text, skip } of cases) {
      it(`carry the cookie of a session that a handler has begun which ${what}`, { skip }, async () => {
        const visitor = app.visitor();
        const visit = await visitor[method](path);
        assert.equal(visit.status, status);
        assert.ok(visit.text.includes(text));
        assert.equal(visit.setCookies.length, 1);
        assert.deepEqual((await visitor.get('/read')).value, { [key]: true });
      });
    }

    it('leave alone what no route has', async () => {
      const visitor = app.visitor();
      await visitor.post('/write', { body: { name: 'Ada' } });
      const visit = await visitor.get('/nowhere');
      assert.deepEqual([visit.status, visit.setCookies], [404, []]);
    });

    it('say what is wrong when a session cannot be stored', async () => {
      const visitor = app.visitor();
      const visit = await visitor.post('/write', { body: { text: 'x'.repeat(2_000_000) } });
      assert.ok(visit.status >= 400);
      assert.deepEqual(visit.setCookies, []);
    });
  });
}
