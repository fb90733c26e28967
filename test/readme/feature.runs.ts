import { Controller, Post } from '@nestjs/common';
import { expect } from '@jest/globals';
import { Session, type SessionService } from 'nest-sessions';
import type { Browser, Visit } from '../support/browser.js';
import { Clock } from '../support/clock.js';
import { memory } from '../support/memory.js';
import { listen, listenWith, moduleOf } from './running.js';
import { ProbeController, using, type Exports, type OnAdapter } from './snippet.runs.js';

const json = (value: unknown) => ({
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
});
const codeOf = ({ status, text }: Visit) => [status, JSON.parse(text).errorCode];

/** Puts a value into the session of a browser that has one. */
async function put(browser: Browser, sessions: SessionService, key: string, value: unknown): Promise<void> {
  const { id } = (await browser.get('/probe')).json();
  const session = (await sessions.open<Exports>(id))!;
  session.set(key, value);
  await session.save();
}

/** What proves the snippets of the chapters on locks, validated data, users and CSRF, on both adapters. */
export const featureRuns: Readonly<Record<string, (on: OnAdapter) => Promise<void>>> = {
  'session-lock': async ({ adapter, load }) => {
    const { OrderController } = await load();
    const parts = { controllers: [OrderController, ProbeController] };
    await using(listenWith(parts, adapter), async ({ browser, sessions }) => {
      const visitor = browser();
      await visitor.post('/probe');
      await put(visitor, sessions, 'cart', ['tea', 'cake']);
      const orders = await Promise.all(Array.from({ length: 8 }, () => visitor.fork().post('/orders')));
      expect(orders.map((order) => order.json().ordered).toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 2]);
    });
  },

  'validated-data': async ({ adapter, load }) => {
    const { Shop, ShopController } = await load();
    const parts = { controllers: [ShopController, ProbeController] };
    await using(listenWith(parts, adapter, { data: Shop }), async ({ browser, sessions }) => {
      const visitor = browser();
      const fits = { sku: 'tea', quantity: 2 };
      expect((await visitor.post('/items', json(fits))).status).toBe(201);
      const refused = await visitor.post('/items', json({ sku: 'x', quantity: 2 }));
      expect(refused.status).toBe(422);
      expect(refused.json().problems).toEqual([{ path: 'items[1].sku', reason: expect.any(String) }]);
      expect((await visitor.get('/probe')).json().data).toEqual({ items: [fits] });
      await expect(sessions.create<Exports>({ items: 'none' })).rejects.toMatchObject({ status: 422 });
    });
  },

  accounts: async ({ adapter, load }) => {
    const { LoginController, DevicesController, Users } = await load();
    const passwords = new Map([['7', 'secret']]);
    const users = {
      authenticate: async (name: string, password: string) =>
        name === 'ada' && password === passwords.get('7') ? { id: 7 } : undefined,
      changePassword: async (userId: string, password: string) => void passwords.set(userId, password),
    };
    const clock = new Clock();
    const parts = {
      controllers: [LoginController, DevicesController, ProbeController],
      providers: [{ provide: Users, useValue: users }],
    };
    await using(listenWith(parts, adapter, { now: clock.now }), async ({ browser, sessions }) => {
      const logIn = (visitor: Browser, password = 'secret') =>
        visitor.post('/login', json({ name: 'ada', password, remember: false }));
      const list = (visitor: Browser) => visitor.get('/account/devices');
      const [desk, phone, tablet, stranger] = [browser(), browser(), browser(), browser()];
      await desk.post('/probe');
      expect((await logIn(desk, 'wrong')).status).toBe(401);
      expect(codeOf(await list(desk))).toEqual([401, 'LOGIN_REQUIRED']);
      for (const device of [desk, phone, tablet]) {
        const { status, setCookies } = await logIn(device);
        expect([status, setCookies]).toEqual([201, [expect.not.stringContaining('Max-Age')]]);
      }
      expect((await desk.get('/probe')).json().data).toEqual({ name: 'Ada' });

      const devices = (await list(desk)).json<Exports[]>();
      expect(devices.map(({ current }) => current).toSorted()).toEqual([false, false, true]);
      expect(devices.map(({ methods }) => methods)).toEqual([['pwd'], ['pwd'], ['pwd']]);
      await stranger.post('/probe');
      const { id: others } = (await stranger.get('/probe')).json();
      expect((await desk.visit('DELETE', `/account/devices/${others}`, {})).status).toBe(404);
      expect(await sessions.open(others)).toBeDefined();
      const { id: ofTablet } = (await tablet.get('/probe')).json();
      expect((await desk.visit('DELETE', `/account/devices/${ofTablet}`, {})).status).toBe(200);
      expect((await list(tablet)).status).toBe(401);

      const change = () => desk.post('/account/password', json({ password: 'better' }));
      clock.advance(601);
      expect(codeOf(await change())).toEqual([403, 'RECENT_LOGIN_REQUIRED']);
      await logIn(desk);
      const copy = desk.fork();
      expect((await change()).status).toBe(201);
      clock.advance(60);
      expect((await list(desk)).json()).toHaveLength(1);
      expect(await Promise.all([phone, copy].map(async (one) => (await list(one)).status))).toEqual([
        401, 401,
      ]);

      const left = await desk.post('/logout');
      expect(left.headers.get('clear-site-data')).toBe('"cache", "storage"');
      expect(desk.cookie()).toBeUndefined();
      expect(await sessions.list('7')).toEqual([]);
    });
  },

  subdomains: async ({ adapter, load }) => {
    const { SubdomainModule } = await load();
    const module = moduleOf({ imports: [SubdomainModule], controllers: [ProbeController] });
    await using(listen(module, adapter), async ({ browser }) => {
      const [cookie] = (await browser().post('/probe')).setCookies;
      expect(cookie).toMatch(/^__Secure-example=[^;]+;.* Domain=example\.com;.* Secure;/);
    });
  },

  'header.module': async ({ adapter, load }) => {
    const { HeaderModule } = await load();
    const module = moduleOf({ imports: [HeaderModule], controllers: [ProbeController] });
    await using(listen(module, adapter), async ({ browser }) => {
      const { headers, setCookies } = await browser().post('/probe');
      expect([headers.get('authorization'), setCookies]).toEqual([expect.stringMatching(/^Bearer /), []]);
    });
  },

  'header.client': async ({ adapter, load }) => {
    const { SessionClient } = await load();
    @Controller('leave')
    class LeaveController {
      @Post() leave(@Session() session: Session) {
        return session.flush();
      }
    }
    const parts = { controllers: [ProbeController, LeaveController] };
    const options = { transport: 'header', header: 'Authorization' } as const;
    await using(listenWith(parts, adapter, options), async ({ app }) => {
      const client = new SessionClient(await app.getUrl());
      const shown = async () => (await (await client.fetch('/probe')).json()).data;
      await client.fetch('/probe', { method: 'POST' });
      expect(await shown()).toEqual({ name: 'Ada' });
      await client.fetch('/leave', { method: 'POST' });
      expect(await shown()).toEqual({});
      await client.fetch('/probe', { method: 'POST' });
      expect(await shown()).toEqual({ name: 'Ada' });
    });
  },

  audiences: async ({ adapter, load }) => {
    const { shopModule, adminModule } = await load();
    const store = memory();
    const another = Reflect.construct(adapter.constructor, []) as typeof adapter;
    const shop = moduleOf({ imports: [shopModule(store)], controllers: [ProbeController] });
    const admin = moduleOf({ imports: [adminModule(store)], controllers: [ProbeController] });
    await using(listen(shop, adapter), (here) =>
      using(listen(admin, another), async (there) => {
        const visitor = here.browser();
        await visitor.post('/probe');
        const cookie = `admin=${visitor.cookie('shop')}`;
        const visit = await there.browser().get('/probe', { headers: { cookie } });
        expect(visit.json().data).toEqual({});
        expect((await visitor.get('/probe')).json().data).toEqual({ name: 'Ada' });
      }),
    );
  },

  'csrf.module': async ({ adapter, load }) => {
    const { BankModule } = await load();
    const module = moduleOf({ imports: [BankModule], controllers: [ProbeController] });
    await using(listen(module, adapter), async ({ browser }) => {
      const visitor = browser();
      const pay = (headers: Record<string, string> = {}, body?: string) =>
        visitor.post('/transfers', { headers, body });
      expect((await pay()).status).toBe(201);
      await visitor.post('/probe');

      const crossSite = { 'sec-fetch-site': 'cross-site' };
      expect(codeOf(await pay(crossSite))).toEqual([403, 'CSRF_CROSS_SITE']);
      expect((await pay({ ...crossSite, origin: 'https://shop.example.com' })).status).toBe(201);
      expect((await pay({ 'sec-fetch-site': 'same-origin' })).status).toBe(201);
      expect(codeOf(await pay({ origin: 'https://evil.example' }))).toEqual([403, 'CSRF_ORIGIN']);
      expect((await visitor.post('/transfers/hook', { headers: crossSite })).status).toBe(201);

      expect(codeOf(await pay())).toEqual([403, 'CSRF_TOKEN_MISSING']);
      const { token } = (await visitor.get('/transfers/token')).json();
      expect((await pay({ 'x-csrf-token': token })).status).toBe(201);
      const form = await visitor.get('/transfers/form');
      expect(form.headers.get('content-type')).toMatch(/^text\/html/);
      const [, value = ''] = /<input type="hidden" name="_csrf" value="([\w-]+)">/.exec(form.text)!;
      const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };
      expect((await pay(urlencoded, `_csrf=${value}`)).status).toBe(201);
      expect(codeOf(await pay(urlencoded, '_csrf=no'))).toEqual([403, 'CSRF_TOKEN_INVALID']);
    });
  },
};
