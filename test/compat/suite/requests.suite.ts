import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { memoryStore, type ExpressLikeSession } from 'nest-sessions';
import { adapters } from './adapters.js';
import { serve, type Served } from './application.js';

interface RequestWithSession {
  readonly session: ExpressLikeSession & { views?: number };
  readonly sessionID: string;
}

@Controller('request')
class RequestController {
  @Post('view') @HttpCode(200) view(@Req() { session, sessionID }: RequestWithSession) {
    session.views = (session.views ?? 0) + 1;
    return { views: session.views, sessionID };
  }
  @Post('destroy') @HttpCode(200) destroy(@Req() { session }: RequestWithSession) {
    return new Promise<void>((resolve, reject) => {
      session.destroy((error) => (error ? reject(error as Error) : resolve()));
    });
  }
}

for (const adapter of adapters) {
  describe(`req.session (${adapter.name})`, () => {
    let app: Served;
    before(async () => {
      const session = { store: memoryStore(), requestSession: true };
      app = await serve({ adapter, session, controllers: [RequestController] });
    });
    after(() => app?.close());

    it('is what @Session() gives', async () => {
      const visitor = app.visitor();
      await visitor.post('/request/view');
      const [id] = visitor.cookie()!.split('.');
      assert.deepEqual((await visitor.post('/request/view')).value, { views: 2, sessionID: id });
      assert.deepEqual((await visitor.get('/read')).value, { views: 2 });
      await visitor.post('/request/destroy');
      assert.equal(visitor.cookie(), undefined);
      assert.equal((await visitor.post('/request/view')).value.views, 1);
    });
  });
}
