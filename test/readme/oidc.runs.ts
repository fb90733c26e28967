import { Global, Module } from '@nestjs/common';
import { expect } from '@jest/globals';
import { SessionService } from 'nest-sessions';
import { listen, moduleOf } from './running.js';
import { using, type OnAdapter } from './snippet.runs.js';

/** What proves the snippet of the chapter on OpenID Connect, on both adapters. The protocol itself is the sample's. */
export const oidcRuns: Readonly<Record<string, (on: OnAdapter) => Promise<void>>> = {
  oidc: async ({ adapter, load }) => {
    const { LoginModule, OpenIdClient } = await load();
    const client = {
      begin: async () => ({ url: 'https://login.example.com/auth', checks: { state: 's1' } }),
      end: async (url: string, checks: unknown) => {
        expect([url, checks]).toEqual(['/callback?state=s1', { state: 's1' }]);
        return { iss: 'https://login.example.com', sub: 'ada', sid: 'login-1' };
      },
    };
    @Global()
    @Module({ providers: [{ provide: OpenIdClient, useValue: client }], exports: [OpenIdClient] })
    class ClientModule {}

    await using(
      listen(moduleOf({ imports: [ClientModule, LoginModule] }), adapter),
      async ({ app, browser }) => {
        const visitor = browser();
        expect((await visitor.get('/login')).headers.get('location')).toBe('https://login.example.com/auth');
        expect((await visitor.get('/callback?state=s1')).headers.get('location')).toBe('/');
        expect(await app.get(SessionService).list('ada')).toHaveLength(1);
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const refused = await visitor.post('/session/backchannel-logout', {
          headers,
          body: 'logout_token=none',
        });
        expect([refused.status, refused.json().error]).toEqual([400, 'invalid_request']);
      },
    );
  },
};
