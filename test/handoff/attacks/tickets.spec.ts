import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { begin, callbackOf, changed, describeInWorlds, ticketIn } from '../worlds.js';
import type { Site, Walker } from '../../support/handoff-world.js';

/** Both are what a refusal looks like to a person. */
const REFUSED = { status: 400, text: expect.stringContaining('You are not logged in') };
const CHALLENGE = createHash('sha256').update('verifier of an attacker').digest('base64url');
const STATE = 'a'.repeat(22);

const handoffOf = ({ origin }: Site, query: Record<string, string>) =>
  `${origin}/session/handoff?${new URLSearchParams({ aud: 'shop', state: STATE, challenge: CHALLENGE, ...query })}`;

/** Shows a ticket with a login of one's own, as whoever has got hold of it. */
async function show(walker: Walker, site: Site, ticket: string, iss: string) {
  const { state } = await begin(walker, site);
  return walker.step(callbackOf(site, { ticket, state, iss }));
}

describe("Ticket sent to attacker's callback", () => {
  describeInWorlds((stage) => {
    it('8.3, 8.6 goes to the registered address only, whatever the request says', async () => {
      const { accounts, shop, user } = stage.world;
      const evil = 'https://evil.example/session/callback';
      const query = { callback: evil, redirect_uri: evil, returnTo: evil, url: evil };
      const visit = await (await user()).step(handoffOf(accounts, query));
      const to = new URL(visit.headers.get('location')!);
      expect(`${to.origin}${to.pathname}`).toBe(`${shop.origin}/session/callback`);
      expect([...to.searchParams.keys()]).toEqual(['ticket', 'state', 'iss']);
    });

    it.each(['evil', '', 'Shop', 'shop ', '__proto__', 'https://evil.example'])(
      'is not made for an application that is not known (%j), and nobody is redirected',
      async (aud) => {
        const { accounts, user } = stage.world;
        const visit = await (await user()).step(handoffOf(accounts, { aud }));
        expect(visit).toMatchObject(REFUSED);
        expect(visit.headers.get('location')).toBeNull();
      },
    );

    it('is not made for two applications at once', async () => {
      const { accounts, user } = stage.world;
      const visit = await (await user()).step(`${handoffOf(accounts, {})}&aud=garden`);
      expect(visit).toMatchObject(REFUSED);
    });
  });
});

describe('Ticket replay (history, logs, Referer, proxy)', () => {
  describeInWorlds((stage) => {
    it('8.3 finds a ticket that is good for one use, also in the same browser', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      const url = await ann.ticketFor(shop);
      const otherTab = ann.fork();
      expect((await ann.walk(url)).json().userId).toBe('ann');
      expect(await otherTab.step(url)).toMatchObject(REFUSED);
      expect((await otherTab.me(shop)).userId).toBeNull();
      // Sent twice is not stolen.
      expect((await ann.me(shop)).userId).toBe('ann');
      expect(stage.events.map(({ type }) => type)).not.toContain('ticket-reused');
    });

    it('8.3 finds it dead after half a minute', async () => {
      const { shop, clock, user } = stage.world;
      const [ann, bob] = [await user(), await user('bob')];
      const [early, late] = [await ann.ticketFor(shop), await bob.ticketFor(shop)];
      clock.advance(29);
      expect((await ann.walk(early)).json().userId).toBe('ann');
      clock.advance(1);
      expect(await bob.step(late)).toMatchObject(REFUSED);
    });

    it('finds no ticket in the address that a login ends on', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop);
      expect(ann.trail.at(-1)).toBe(`${shop.origin}/me`);
    });

    it.each([
      { since: 'is as it was' },
      { since: 'has got another id' },
      { since: 'is almost ten minutes old' },
    ])(
      '8.3 ends the login everywhere when it comes from somebody else, and its session $since',
      async ({ since }) => {
        const { accounts, shop, garden, clock, user, visitor } = stage.world;
        const ann = await user();
        await ann.handOff(garden);
        const url = await ann.ticketFor(shop);
        await ann.walk(url);
        if (since === 'has got another id') await ann.post(`${shop.origin}/regenerate`);
        if (since === 'is almost ten minutes old') clock.advance(599);
        const thief = visitor();
        expect(await show(thief, shop, ticketIn(url), accounts.origin)).toMatchObject(REFUSED);
        expect((await thief.me(shop)).userId).toBeNull();
        for (const site of [shop, garden, accounts]) {
          expect((await ann.me(site)).userId).toBeNull();
        }
        expect(stage.events).toContainEqual({ type: 'ticket-reused', audience: 'shop' });
        // She is not kept out.
        await ann.post(`${accounts.origin}/login?user=ann`);
        expect((await ann.handOff(shop)).json().userId).toBe('ann');
      },
    );
  });
});

describe('Ticket theft before use', () => {
  describeInWorlds((stage) => {
    it('8.3 is of no use without the verifier, and takes the ticket out of use', async () => {
      const { accounts, shop, user, visitor } = stage.world;
      const [ann, thief] = [await user(), visitor()];
      const url = await ann.ticketFor(shop);
      expect(await show(thief, shop, ticketIn(url), accounts.origin)).toMatchObject(REFUSED);
      expect((await thief.me(shop)).userId).toBeNull();
      expect(await ann.step(url)).toMatchObject(REFUSED);
    });

    it('is of no use for who has sent the victim through a login of their own: it is dead with the visit', async () => {
      const { accounts, shop, user, visitor } = stage.world;
      const [ann, thief] = [await user(), visitor()];
      const { state, challenge } = await begin(thief, shop);
      const url = (await ann.step(handoffOf(accounts, { state, challenge }))).headers.get('location')!;
      expect(await ann.step(url)).toMatchObject(REFUSED);
      expect(await thief.step(url)).toMatchObject(REFUSED);
      expect((await thief.me(shop)).userId).toBeNull();
    });
  });
});

describe('Ticket for other audience', () => {
  describeInWorlds((stage) => {
    it('is refused, and the ticket is dead for its own', async () => {
      const { accounts, shop, garden, user, visitor } = stage.world;
      const [ann, mallory] = [await user(), visitor()];
      // With a challenge of the garden's, so that the audience alone can tell.
      const { state, challenge } = await begin(mallory, garden);
      const url = (await ann.step(handoffOf(accounts, { state, challenge }))).headers.get('location')!;
      const ticket = ticketIn(url);
      expect(await mallory.step(callbackOf(garden, { ticket, state, iss: accounts.origin }))).toMatchObject(
        REFUSED,
      );
      expect((await mallory.me(garden)).userId).toBeNull();
      // What would be right for the shop is not any more.
      const ours = await ann.ticketFor(shop);
      expect(await show(mallory, garden, ticketIn(ours), accounts.origin)).toMatchObject(REFUSED);
      expect(await ann.step(ours)).toMatchObject(REFUSED);
      expect(stage.events.filter(({ type }) => type === 'redeemed')).toEqual([]);
    });

    it('is as little as a session of another application: its token opens nothing', async () => {
      const { accounts, shop, garden, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop);
      for (const [from, to] of [
        [shop, accounts],
        [shop, garden],
        [accounts, shop],
      ] as const) {
        const cookie = ann.browser.jar.getCookieStringSync(`${from.origin}/`);
        expect((await stage.world.visitor().step(`${to.origin}/me`, { cookie })).json().userId).toBeNull();
      }
      expect((await ann.me(shop)).userId).toBe('ann');
    });
  });
});

describe('Ticket brute force', () => {
  describeInWorlds((stage) => {
    it('has 256 bits to guess, of which the store has a hash', async () => {
      const { accounts, shop, user } = stage.world;
      const created: string[] = [];
      accounts.watched.before = (verb, [record]) =>
        void (verb === 'create' && created.push(JSON.stringify(record)));
      const url = await (await user()).ticketFor(shop);
      accounts.watched.before = () => undefined;
      const [id, secret] = ticketIn(url).split('.') as [string, string];
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      const [kept] = created.filter((text) => text.includes(id));
      expect(kept).toContain(createHash('sha256').update(secret).digest('base64url'));
      expect(created.join()).not.toContain(secret);
    });

    it('is told of with every guess, where the ticket is named and its secret is wrong', async () => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      const url = await ann.ticketFor(shop);
      const guess = `${ticketIn(url).split('.')[0]}.${Buffer.alloc(32).toString('base64url')}`;
      expect(await ann.fork().step(changed(url, { ticket: guess }))).toMatchObject(REFUSED);
      const refused = { type: 'refused', errorCode: 'HANDOFF_TICKET', ip: expect.any(String) };
      expect(stage.events).toContainEqual(expect.objectContaining(refused));
      for (const ticket of ['', 'x', `${'0'.repeat(32)}.${'A'.repeat(43)}`, 'A'.repeat(5000)]) {
        expect(await show(ann, shop, ticket, accounts.origin)).toMatchObject(REFUSED);
      }
      expect(stage.events.filter(({ type }) => type === 'redeemed')).toEqual([]);
    });

    it('spoils no ticket and ends no login, where the ticket is named and its secret is wrong', async () => {
      const { accounts, shop, user, visitor } = stage.world;
      const ann = await user();
      const url = await ann.ticketFor(shop);
      const guess = `${ticketIn(url).split('.')[0]}.${Buffer.alloc(32).toString('base64url')}`;
      // Before its use where nobody has begun a login, and after it where somebody has.
      await visitor().step(changed(url, { ticket: guess }));
      expect((await ann.walk(url)).json().userId).toBe('ann');
      expect(await show(visitor(), shop, guess, accounts.origin)).toMatchObject(REFUSED);
      expect((await ann.me(shop)).userId).toBe('ann');
    });
  });
});

describe('Prefetch/prerender consumes ticket', () => {
  describeInWorlds((stage) => {
    it.each<Record<string, string>>([
      { 'sec-purpose': 'prefetch' },
      { 'sec-purpose': 'prefetch;prerender' },
      { purpose: 'prefetch' },
      { 'x-moz': 'prefetch' },
      { 'x-purpose': 'preview' },
    ])('is refused on the way, and consumes nothing (%j)', async (headers) => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      const url = await ann.ticketFor(shop);
      const { state, challenge } = { state: STATE, challenge: CHALLENGE };
      for (const address of [
        `${shop.origin}/session/start`,
        handoffOf(accounts, { state, challenge }),
        url,
      ]) {
        const visit = await ann.step(address, {
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          ...headers,
        });
        expect(visit).toMatchObject({ status: 503, setCookies: [] });
        expect(visit.headers.get('location')).toBeNull();
      }
      expect((await ann.walk(url)).json().userId).toBe('ann');
    });
  });
});

describe('Referer/analytics leak on callback page', () => {
  describeInWorlds((stage) => {
    it('has no page to leak from: nothing but the way to a clean address', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      const visit = await ann.step(await ann.ticketFor(shop));
      expect(visit).toMatchObject({ status: 303, text: '' });
      expect(visit.headers.get('location')).toBe('/me');
      expect(visit.headers.get('referrer-policy')).toBe('no-referrer');
      expect(visit.headers.get('cache-control')).toBe('no-store');
    });

    it('has pages that load nothing and say nothing of the ticket where something went wrong', async () => {
      const { shop, user, visitor } = stage.world;
      const url = await (await user()).ticketFor(shop);
      const visit = await visitor().step(url);
      expect(visit).toMatchObject(REFUSED);
      expect(visit.headers.get('referrer-policy')).toBe('no-referrer');
      expect(visit.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'unsafe-inline';/,
      );
      expect(visit.text).not.toMatch(/<script|<img|<link|https?:/);
      expect(visit.text).not.toContain(ticketIn(url).split('.')[1]);
    });
  });
});

describe('Clock skew', () => {
  // The consumer's clock is a minute off, and a ticket lives for half of one.
  describe.each([{ shop: 60 }, { shop: -60 }])('of a consumer (%j seconds)', (skew) => {
    describeInWorlds(
      (stage) => {
        it('changes nothing: how old a ticket is, the issuer says', async () => {
          const { shop, clock, user } = stage.world;
          const [ann, bob] = [await user(), await user('bob')];
          const [early, late] = [await ann.ticketFor(shop), await bob.ticketFor(shop)];
          clock.advance(29);
          expect((await ann.walk(early)).json().userId).toBe('ann');
          clock.advance(1);
          expect(await bob.step(late)).toMatchObject(REFUSED);
        });
      },
      { skew },
      ['http'],
    );
  });
});
