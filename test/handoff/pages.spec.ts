import { afterEach, describe, expect, it } from '@jest/globals';
import { adapters } from '../support/adapters.js';
import { handoffWorld, SiteController, type HandoffWorld } from '../support/handoff-world.js';
import { serve, type Served } from '../support/serve.js';
import { describeInWorlds } from './worlds.js';

const QUERY = new URLSearchParams({ aud: 'shop', state: 'a'.repeat(22), challenge: 'b'.repeat(43) });

describe('The routes of a handoff', () => {
  describeInWorlds((stage) => {
    it('keep what they answer from caches, frames, scripts and the next page', async () => {
      const { accounts, shop, user, visitor } = stage.world;
      const ann = await user();
      const visits = [
        await visitor().step(`${shop.origin}/session/start`),
        await visitor().step(`${accounts.origin}/session/handoff?${QUERY}`),
        await visitor().step(`${accounts.origin}/session/handoff`),
        await visitor().step(`${shop.origin}/session/callback`),
        await ann.step(await ann.ticketFor(shop)),
      ];
      expect(visits.map(({ status }) => status)).toEqual([303, 303, 400, 400, 303]);
      for (const { headers } of visits) {
        expect(headers.get('cache-control')).toBe('no-store');
        expect(headers.get('referrer-policy')).toBe('no-referrer');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('x-frame-options')).toBe('DENY');
        expect(headers.get('content-security-policy')).toBe(
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        );
      }
    });

    it.each(['POST', 'PUT', 'DELETE', 'HEAD'])('are visited with GET, and not with %s', async (method) => {
      const { accounts, shop } = stage.world;
      for (const address of [
        `${shop.origin}/session/start`,
        `${shop.origin}/session/callback`,
        `${accounts.origin}/session/handoff`,
      ]) {
        const { status, headers } = await fetch(address, { method, redirect: 'manual' });
        expect([status, headers.get('allow'), headers.get('location')]).toEqual([405, 'GET', null]);
      }
    });

    it('show what they were asked with as text', async () => {
      const { accounts, visitor } = stage.world;
      const markup = '"><script>alert(1)</script>';
      for (const name of ['aud', 'state', 'challenge', 'prompt']) {
        const query = new URLSearchParams([...QUERY].concat([['prompt', 'x']]));
        query.set(name, markup);
        const visit = await visitor().step(`${accounts.origin}/session/handoff?${query}`);
        expect(visit.text).not.toContain('<script');
        expect(visit.headers.get('location') ?? '').not.toContain('<');
      }
    });

    it.each([
      { parameter: 'state', wrong: ['', 'a'.repeat(21), `${'a'.repeat(21)}!`, `${'a'.repeat(22)}\n`] },
      { parameter: 'challenge', wrong: ['', 'b'.repeat(42), `${'b'.repeat(42)}+`] },
    ])('take no $parameter that was not made by one of them', async ({ parameter, wrong }) => {
      const { accounts, user } = stage.world;
      const ann = await user();
      for (const value of wrong) {
        const query = new URLSearchParams(QUERY);
        query.set(parameter, value);
        const visit = await ann.step(`${accounts.origin}/session/handoff?${query}`);
        expect(visit).toMatchObject({
          status: 400,
          text: expect.stringContaining(`&quot;${parameter}&quot;`),
        });
      }
      const twice = await ann.step(`${accounts.origin}/session/handoff?${QUERY}&${parameter}=x`);
      expect(twice.status).toBe(400);
      expect(stage.events.filter(({ type }) => type === 'issued')).toEqual([]);
    });

    it('offer to start again where that helps', async () => {
      const { accounts, shop, visitor } = stage.world;
      expect((await visitor().step(`${shop.origin}/session/callback`)).text).toContain(
        '<a href="start">Start again</a>',
      );
      expect((await visitor().step(`${accounts.origin}/session/handoff`)).text).not.toContain('<a');
    });
  });
});

describe.each(adapters)('A handoff on $adapter', ({ make }) => {
  let world: HandoffWorld;
  let other: Served | undefined;
  afterEach(async () => {
    await other?.close();
    other = undefined;
    await world.close();
  });

  it('stands below the global prefix, which is part of the addresses', async () => {
    world = await handoffWorld({ make, mode: 'http', prefix: 'api' });
    const { accounts, shop, garden, user } = world;
    const ann = await user();
    expect((await ann.handOff(shop, '/api/me')).json().userId).toBe('ann');
    expect(ann.trail.map((url) => new URL(url).pathname)).toEqual([
      '/api/session/handoff',
      '/api/session/callback',
      '/api/me',
    ]);
    await ann.handOff(garden, '/api/me');
    await ann.post(`${garden.origin}/logout?everywhere`);
    expect((await ann.me(shop)).userId).toBeNull();
    expect((await ann.me(accounts)).userId).toBeNull();
  });

  it('comes back after the login by the address that browsers know, behind a proxy that cuts its beginning off', async () => {
    const base = '/accounts';
    const issuer = { issuer: `https://example.com${base}`, loginPath: `${base}/login?lang=en` };
    world = await handoffWorld({ make, mode: 'store', issuer, consumer: { issuer: issuer.issuer } });
    const visit = await world.visitor().step(`${world.accounts.origin}/session/handoff?${QUERY}`);
    const to = new URL(visit.headers.get('location')!, 'https://example.com');
    expect(to.pathname).toBe('/accounts/login');
    expect([...to.searchParams.keys()]).toEqual(['lang', 'returnTo']);
    expect(to.searchParams.get('returnTo')).toBe(`/accounts/session/handoff?${QUERY}`);
  });

  it('needs no login anew of who was logged in before the issuer handed logins over', async () => {
    world = await handoffWorld({ make, mode: 'store' });
    const { accounts, shop, clock, visitor } = world;
    const { hostname } = new URL(accounts.origin);
    other = await serve({
      adapter: make(),
      session: { store: accounts.store, audience: 'accounts', now: clock.now, cleanup: false },
      controllers: [SiteController],
      at: { host: hostname, port: 3001 },
    });
    const ann = visitor();
    await ann.post(`${other.origin}/login?user=ann`);
    await ann.post(`${other.origin}/set?theme=dark`);
    const before = await ann.me(accounts);
    clock.advance(3600);
    expect((await ann.handOff(shop)).json().userId).toBe('ann');
    const { authenticatedAt, data } = await ann.me(accounts);
    expect({ authenticatedAt, data }).toEqual({
      authenticatedAt: before['authenticatedAt'],
      data: { theme: 'dark' },
    });
    expect((await ann.me(shop))['authenticatedAt']).toBe(before['authenticatedAt']);
    await ann.post(`${accounts.origin}/logout`);
    expect((await ann.me(shop)).userId).toBeNull();
  });
});
