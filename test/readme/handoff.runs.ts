import { expect } from '@jest/globals';
import { newKey, Walker } from '../support/handoff-world.js';
import { listen } from './running.js';
import { using, type OnAdapter } from './snippet.runs.js';

const originOf = (app: { getHttpServer(): any }) => `http://127.0.0.1:${app.getHttpServer().address().port}`;

/** What proves the snippets of the chapter on single sign-on, on both adapters. */
export const handoffRuns: Readonly<Record<string, (on: OnAdapter) => Promise<void>>> = {
  'handoff.issuer': async ({ adapter, load }) => {
    process.env['GARDEN_KEY'] = newKey();
    const { AccountsModule } = await load();
    await using(listen(AccountsModule, adapter), async ({ app }) => {
      const walker = new Walker();
      const origin = originOf(app);
      const asked = `/session/handoff?aud=shop&state=${'s'.repeat(22)}&challenge=${'c'.repeat(43)}`;
      const toLogin = await walker.step(`${origin}${asked}`);
      const login = new URL(toLogin.headers.get('location')!, origin);
      expect(login.pathname).toBe('/login');
      const loggedIn = await walker.browser.post(login.href);
      expect(loggedIn.headers.get('location')).toBe(asked);
      const back = new URL((await walker.step(`${origin}${asked}`)).headers.get('location')!);
      expect(`${back.origin}${back.pathname}`).toBe('https://shop.example.org/session/callback');
      expect(back.searchParams.get('ticket')).toMatch(/^[0-9a-f]{32}\.[\w-]{43}$/);
    });
  },

  'handoff.consumer': async ({ adapter, load }) => {
    process.env['GARDEN_KEY'] = newKey();
    const { GardenModule } = await load();
    await using(listen(GardenModule, adapter), async ({ app }) => {
      const walker = new Walker();
      const origin = originOf(app);
      expect((await walker.step(`${origin}/orders`)).status).toBe(401);
      const start = await walker.step(`${origin}/session/start?returnTo=/orders`);
      const issuer = new URL(start.headers.get('location')!);
      expect(`${issuer.origin}${issuer.pathname}`).toBe('https://accounts.example.com/session/handoff');
      expect(issuer.searchParams.get('aud')).toBe('garden');
    });
  },
};
