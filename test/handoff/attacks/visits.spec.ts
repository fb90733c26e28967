import { describe, expect, it } from '@jest/globals';
import { begin, callbackOf, changed, describeInWorlds } from '../worlds.js';

const REFUSED = { status: 400, text: expect.stringContaining('You are not logged in') };

describe('Forced login without user action', () => {
  describeInWorlds(
    (stage) => {
      /** What the page of the issuer links to. */
      const linkIn = (text: string): string => /href="([^"]+)"/.exec(text)![1]!.replaceAll('&amp;', '&');

      it('8.1 asks the user first, who learns which application it is, and goes on only by their own doing', async () => {
        const { accounts, shop, user } = stage.world;
        const ann = await user();
        const page = await ann.handOff(shop);
        expect(page.status).toBe(200);
        expect(page.text).toContain('Log in to shop?');
        expect(page.text).toContain(new URL(shop.origin).host);
        expect(stage.events).toEqual([]);
        expect((await ann.me(shop)).userId).toBeNull();
        const link = new URL(linkIn(page.text), accounts.origin).href;
        expect((await ann.walk(link)).json().userId).toBe('ann');
        // One click is for one login.
        expect((await ann.step(link)).text).toContain('Log in to shop?');
      });

      it('takes no link for a click that another user, login or application was shown', async () => {
        const { accounts, shop, garden, user } = stage.world;
        const [ann, mallory] = [await user(), await user('mallory')];
        const linkFor = async (site = shop) =>
          new URL(linkIn((await mallory.handOff(site)).text), accounts.origin).href;
        const hers = await linkFor();
        expect((await ann.step(hers)).text).toContain('Log in to shop?');
        const queries: Record<string, string>[] = [
          { aud: 'garden' },
          { state: 'a'.repeat(22) },
          { challenge: 'a'.repeat(43) },
          { confirm: '0'.repeat(32) },
          { confirm: '1' },
        ];
        for (const query of queries) {
          const visit = await mallory.step(changed(await linkFor(), query));
          expect(visit.text).toContain('Log in to ');
        }
        expect(new URL(await linkFor(garden)).searchParams.get('aud')).toBe('garden');
        expect(stage.events).toEqual([]);
      });

      it('asks nothing and does nothing where nobody is to be asked', async () => {
        const { shop, user } = stage.world;
        const ann = await user();
        const visit = await ann.handOff(shop, '/me', '&prompt=none');
        expect(visit.json().userId).toBeNull();
        expect(ann.trail.some((url) => url.includes('error=interaction_required'))).toBe(true);
      });
    },
    { audience: { confirm: true } },
  );
});

describe('Silent login in frame / clickjack confirm', () => {
  describeInWorlds((stage) => {
    it.each<Record<string, string>>([
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'frame' },
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'embed' },
      { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' },
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
      { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    ])('does nothing for %j', async (headers) => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      const url = await ann.ticketFor(shop);
      const query = new URLSearchParams({ aud: 'shop', state: 'a'.repeat(22), challenge: 'a'.repeat(43) });
      for (const address of [
        `${shop.origin}/session/start`,
        `${accounts.origin}/session/handoff?${query}`,
        url,
      ]) {
        const visit = await ann.step(address, headers);
        expect(visit).toMatchObject({ status: 403, setCookies: [] });
        expect(visit.headers.get('location')).toBeNull();
      }
      expect((await ann.walk(url)).json().userId).toBe('ann');
    });

    it('finds no page that shows in a frame', async () => {
      const { accounts, shop, visitor } = stage.world;
      for (const address of [`${accounts.origin}/session/handoff`, `${shop.origin}/session/callback`]) {
        const { headers } = await visitor().step(address);
        expect(headers.get('x-frame-options')).toBe('DENY');
        expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      }
    });

    it("finds no session of the issuer's in a frame of another site: its cookie is SameSite=Lax", async () => {
      const { accounts, visitor } = stage.world;
      const { setCookies } = await visitor().post(`${accounts.origin}/login?user=ann`);
      expect(setCookies).toEqual([expect.stringMatching(/; SameSite=Lax$/)]);
    });
  });
});

describe('Privilege jump', () => {
  describeInWorlds((stage) => {
    it('8.2 finds the time at which the user has proved who they are, and asks for it anew when that is long ago', async () => {
      const { shop, clock, user } = stage.world;
      const ann = await user();
      clock.advance(9 * 60);
      await ann.handOff(shop);
      expect((await ann.step(`${shop.origin}/delicate`)).status).toBe(200);
      clock.advance(2 * 60);
      expect((await ann.step(`${shop.origin}/delicate`)).status).toBe(403);
      // Neither another ticket for the same login nor another id makes it younger.
      await ann.post(`${shop.origin}/logout`);
      await ann.handOff(shop);
      await ann.post(`${shop.origin}/regenerate`);
      expect((await ann.me(shop)).userId).toBe('ann');
      expect((await ann.step(`${shop.origin}/delicate`)).status).toBe(403);
    });

    it('finds the methods of the login at the issuer, and no others', async () => {
      const { shop, user } = stage.world;
      const ann = await user('zoe');
      await ann.handOff(shop);
      expect((await shop.sessions.list('zoe')).map(({ methods }) => methods)).toEqual([['pwd', 'otp']]);
    });
  });
});

describe('Redirect loop / DoS of txn store', () => {
  describeInWorlds((stage) => {
    it('finds no store to fill: a login that was begun is with the browser', async () => {
      const { shop, visitor } = stage.world;
      const walker = visitor();
      shop.watched.take();
      await begin(walker, shop);
      expect(shop.watched.take()).toEqual([]);
    });

    it('finds five logins begun in one browser at the most, of which the last are good', async () => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      const states: string[] = [];
      for (let count = 1; count <= 8; count++) states.push((await begin(ann, shop)).state);
      const kept = ann.browser.jar
        .getCookiesSync(`${shop.origin}/`)
        .flatMap(({ key }) => /^handoff-(.*)$/.exec(key)?.[1] ?? []);
      expect(kept.toSorted()).toEqual(states.slice(-5).toSorted());
      const visit = await ann.step(
        callbackOf(shop, { ticket: 'x', state: states[3]!, iss: accounts.origin }),
      );
      expect(visit).toMatchObject(REFUSED);
      expect(stage.events.at(-1)).toMatchObject({ errorCode: 'HANDOFF_TICKET' });
    });

    it('is ended by a page after ten rounds within a minute', async () => {
      const { shop, clock, visitor } = stage.world;
      const walker = visitor();
      for (let round = 1; round <= 10; round++) await begin(walker, shop);
      const visit = await walker.step(`${shop.origin}/session/start`);
      expect(visit).toMatchObject({ status: 429, text: expect.stringContaining('Start again') });
      expect(visit.headers.get('location')).toBeNull();
      clock.advance(60);
      await begin(walker, shop);
    });

    it('is ended as well between two pages of the application, for a user who is logged in', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop);
      const statuses: number[] = [];
      for (let round = 2; round <= 11; round++) {
        statuses.push((await ann.step(`${shop.origin}/session/start?returnTo=/delicate`)).status);
      }
      expect(statuses).toEqual([...Array<number>(9).fill(303), 429]);
    });

    it('is none where a guest asks on every page, without a word, who they are', async () => {
      const { shop, visitor } = stage.world;
      const walker = visitor();
      await walker.handOff(shop, '/me', '&prompt=none');
      for (let page = 1; page <= 15; page++) {
        expect((await walker.handOff(shop, '/me', '&prompt=none')).status).toBe(200);
      }
    });

    it('finds nobody kept out by cookies that somebody else has set, whatever they are called', async () => {
      const { shop, visitor } = stage.world;
      const names = ['', 'a b', '"', 'é', 'x'.repeat(500), '{}'].map((name) => `handoff-${name}=1`);
      const visit = await visitor().step(`${shop.origin}/session/start`, { cookie: names.join('; ') });
      expect(visit.status).toBe(303);
    });

    it('finds no address so long that the login does not fit in its cookie', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      expect((await ann.handOff(shop, `/me?${'x'.repeat(900)}`)).json().userId).toBe('ann');
      expect(ann.trail.at(-1)).toHaveLength(`${shop.origin}/me?`.length + 900);
      const bob = await user('bob');
      await bob.handOff(shop, `/me?${'x'.repeat(6000)}`);
      expect(bob.trail.at(-1)).toBe(`${shop.origin}/`);
      expect((await bob.me(shop)).userId).toBe('bob');
    });
  });
});
