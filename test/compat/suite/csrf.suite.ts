import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { memoryStore } from 'nest-sessions';
import { CsrfExempt, CsrfModule, CsrfToken } from 'nest-sessions/csrf';
import { adapters } from './adapters.js';
import { serve, type Served } from './application.js';

@Controller('csrf')
class FormController {
  @Get('token') token(@CsrfToken() token: string) {
    return { token };
  }
  @Post('pay') @HttpCode(200) pay() {
    return 'paid';
  }
  @Post('hook') @HttpCode(200) @CsrfExempt() hook() {
    return 'taken';
  }
}

for (const adapter of adapters) {
  describe(`CSRF (${adapter.name})`, () => {
    let app: Served;
    before(async () => {
      app = await serve({
        adapter,
        session: { store: memoryStore() },
        modules: [CsrfModule.forRoot({ trustedOrigins: ['https://shop.example'] })],
        controllers: [FormController],
      });
    });
    after(() => app?.close());

    /** A visitor with a session, and the token of a form. */
    const visitor = async () => {
      const ada = app.visitor();
      await ada.post('/write', { body: { name: 'Ada' } });
      const { token } = (await ada.get('/csrf/token')).value as { token: string };
      return { ada, token };
    };
    /** What browsers tell of the page that sends a request. */
    const sends = (site: string, origin = app.origin) => ({ headers: { 'sec-fetch-site': site, origin } });

    it('lets pass what a page of the application sends', async () => {
      const { ada } = await visitor();
      assert.equal((await ada.post('/csrf/pay', sends('same-origin'))).text, 'paid');
      assert.equal((await ada.post('/csrf/pay', sends('cross-site', 'https://shop.example'))).text, 'paid');
    });

    it('refuses what another site sends', async () => {
      const { ada } = await visitor();
      for (const headers of [sends('cross-site', 'https://evil.example'), sends('same-site')]) {
        const { status, value } = await ada.post('/csrf/pay', headers);
        assert.deepEqual([status, value.errorCode], [403, 'CSRF_CROSS_SITE']);
      }
      const { value } = await ada.post('/csrf/pay', { headers: { origin: 'https://evil.example' } });
      assert.equal(value.errorCode, 'CSRF_ORIGIN');
    });

    it('takes one token for its own session only', async () => {
      const [{ ada, token }, eve] = [await visitor(), await visitor()];
      const silent = (headers: Record<string, string> = {}) => ({ headers });
      assert.equal((await ada.post('/csrf/pay', silent({ 'x-csrf-token': token }))).text, 'paid');
      assert.equal((await ada.post('/csrf/pay', { body: { _csrf: token } })).text, 'paid');
      const { status, value } = await ada.post('/csrf/pay', silent({ 'x-csrf-token': eve.token }));
      assert.deepEqual([status, value.errorCode], [403, 'CSRF_TOKEN_INVALID']);
    });

    it('leaves exempt handlers alone', async () => {
      const { ada } = await visitor();
      assert.equal((await ada.post('/csrf/hook', sends('cross-site'))).text, 'taken');
    });
  });
}
