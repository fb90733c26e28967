import { describe, expect, it } from '@jest/globals';
import { begin, callbackOf, changed, describeInWorlds, ticketIn } from '../worlds.js';

const REFUSED = { status: 400, text: expect.stringContaining('You are not logged in') };

describe('Open redirect via return URL', () => {
  describeInWorlds((stage) => {
    it.each([
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example/',
      '/\t/evil.example/',
      '/.//evil.example/',
      'javascript:alert(1)',
    ])('8.6 ends on the own origin instead of %j', async (returnTo) => {
      const { shop, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop, returnTo);
      expect(ann.trail.at(-1)).toBe(`${shop.origin}/`);
      // And once more by the short way of whoever is logged in.
      await ann.handOff(shop, returnTo);
      expect(ann.trail.at(-1)).toBe(`${shop.origin}/`);
    });

    it('is nothing that the issuer hears of', async () => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop, '/me?secret');
      const atIssuer = new URL(ann.trail.find((url) => url.startsWith(accounts.origin))!);
      expect([...atIssuer.searchParams.keys()]).toEqual(['aud', 'state', 'challenge']);
    });

    it('is nothing that comes back with the ticket', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      const url = changed(await ann.ticketFor(shop), {
        returnTo: 'https://evil.example/',
        url: '//evil.example',
      });
      await ann.walk(url);
      expect(ann.trail).toEqual([`${shop.origin}/me`]);
    });
  });
});

describe('Login CSRF / session swap', () => {
  describeInWorlds((stage) => {
    it.each([{ victim: 'a guest' }, { victim: 'a user' }])(
      'leaves $victim who they are that is sent to the end of a login of the attacker',
      async ({ victim }) => {
        const { shop, user, visitor } = stage.world;
        const mallory = await user('mallory');
        const walker = victim === 'a user' ? await user() : visitor();
        if (victim === 'a user') await walker.handOff(shop);
        const before = await walker.me(shop);
        const visit = await walker.step(await mallory.ticketFor(shop));
        expect(visit).toMatchObject({ ...REFUSED, setCookies: [] });
        expect(await walker.me(shop)).toEqual(before);
      },
    );

    it('8.4 leaves a guest who they are that has begun a login, whether the name of that is known or not', async () => {
      const { accounts, shop, user, visitor } = stage.world;
      for (const isKnown of [true, false]) {
        const [mallory, walker] = [await user('mallory'), visitor()];
        const { state } = await begin(walker, shop);
        const url = await mallory.ticketFor(shop);
        const iss = accounts.origin;
        expect(
          await walker.step(isKnown ? callbackOf(shop, { ticket: ticketIn(url), state, iss }) : url),
        ).toMatchObject(REFUSED);
        expect((await walker.me(shop)).userId).toBeNull();
      }
    });

    it('finds no transaction once one has come to an end, whatever that was', async () => {
      const { accounts, shop, visitor } = stage.world;
      const walker = visitor();
      const { state } = await begin(walker, shop);
      const name = `handoff-${state}`;
      const iss = accounts.origin;
      const visit = await walker.step(callbackOf(shop, { ticket: 'nonsense', state, iss }));
      expect(visit).toMatchObject(REFUSED);
      expect(visit.setCookies).toContainEqual(expect.stringMatching(`^${name}=; Max-Age=0;`));
      expect(walker.browser.jar.getCookieStringSync(`${shop.origin}/`)).not.toContain(name);
    });

    it('finds none in the cookie of another login, of another name or changed by a letter', async () => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      const url = await ann.ticketFor(shop);
      const { state } = await begin(ann, shop);
      const ours = new URL(url).searchParams.get('state')!;
      const cookies = ann.browser.jar.getCookiesSync(`${shop.origin}/`);
      const [one, other] = [ours, state].map(
        (name) => cookies.find(({ key }) => key === `handoff-${name}`)!.value,
      );
      const letter = one!.at(-20) === 'A' ? 'B' : 'A';
      const bent = `${one!.slice(0, -20)}${letter}${one!.slice(-19)}`;
      for (const cookie of [
        `handoff-${ours}=${other}`,
        `handoff-${ours}=${bent}`,
        `handoff-${ours}=${one}; handoff-${ours}=${other}`,
        `handoff-${state}=${one}`,
        `handoff-${ours}=`,
      ]) {
        const fresh = new URL(await (await user()).ticketFor(shop)).searchParams.get('ticket')!;
        const address = callbackOf(shop, { ticket: fresh, state: ours, iss: accounts.origin });
        const visit = await stage.world.visitor().step(address, { cookie });
        expect(visit).toMatchObject(REFUSED);
        expect(stage.events.at(-1)).toMatchObject({ errorCode: 'HANDOFF_TRANSACTION' });
      }
    });

    it('finds none after five minutes', async () => {
      const { accounts, shop, clock, user } = stage.world;
      for (const [seconds, status] of [
        [299, 303],
        [300, 400],
      ] as const) {
        const ann = await user();
        const { state, challenge } = await begin(ann, shop);
        clock.advance(seconds);
        const query = new URLSearchParams({ aud: 'shop', state, challenge });
        const { headers } = await ann.step(`${accounts.origin}/session/handoff?${query}`);
        // Without the limit of the cookie itself, which the browser keeps.
        const cookie = ann.browser.jar
          .serializeSync()!
          .cookies.filter(({ key }) => key!.startsWith('handoff-'))
          .map(({ key, value }) => `${key}=${value}`)
          .join('; ');
        expect((await ann.step(headers.get('location')!, { cookie })).status).toBe(status);
      }
    });
  });
});

describe('Fixation through handoff', () => {
  describeInWorlds(
    (stage) => {
      it('gives the user a session of another name and secret, and the planted one is dead', async () => {
        const { shop, user, visitor } = stage.world;
        const [mallory, ann] = [visitor(), await user()];
        await mallory.post(`${shop.origin}/set?planted=yes&basket=pear`);
        const planted = (await mallory.me(shop)).id;
        const cookie = mallory.browser.jar.getCookiesSync(`${shop.origin}/`)[0]!;
        ann.browser.jar.setCookieSync(cookie.toString(), `${shop.origin}/`);
        expect((await ann.me(shop)).id).toBe(planted);
        const after = (await ann.handOff(shop)).json();
        expect(after).toMatchObject({ userId: 'ann', data: { basket: 'pear' } });
        expect(after.id).not.toBe(planted);
        expect(Object.keys(after.data)).toEqual(['basket']);
        expect(await shop.store.load(planted!)).toBeUndefined();
        const { userId, data } = await mallory.me(shop);
        expect({ userId, data }).toEqual({ userId: null, data: {} });
      });

      it("keeps nothing of another user's session, not even what is kept of a guest's", async () => {
        const { shop, user } = stage.world;
        const [mallory, ann] = [await user('mallory'), await user()];
        await mallory.handOff(shop);
        await mallory.post(`${shop.origin}/set?planted=yes&basket=poison`);
        const url = await ann.ticketFor(shop);
        const planted = mallory.browser.jar
          .getCookiesSync(`${shop.origin}/`)
          .find(({ key }) => key === 'sessionid')!;
        ann.browser.jar.setCookieSync(planted.toString(), `${shop.origin}/`);
        expect((await ann.me(shop)).userId).toBe('mallory');
        const { userId, data } = (await ann.walk(url)).json();
        expect({ userId, data }).toEqual({ userId: 'ann', data: {} });
      });

      it("keeps all of the user's own session, where another tab was first", async () => {
        const { shop, user } = stage.world;
        const ann = await user();
        const second = await ann.ticketFor(shop);
        await ann.handOff(shop);
        await ann.post(`${shop.origin}/set?draft=long`);
        expect((await ann.walk(second)).json()).toMatchObject({ userId: 'ann', data: { draft: 'long' } });
      });
    },
    { consumer: { keep: ['basket'] } },
  );
});

describe('Mix-up (two issuers)', () => {
  describeInWorlds((stage) => {
    it.each(['https://evil.example', '', undefined])(
      '8.4 is refused where the answer says that it comes from %j, and the ticket is shown to nobody',
      async (iss) => {
        const { accounts, shop, user } = stage.world;
        const ann = await user();
        const url = await ann.ticketFor(shop);
        const otherTab = ann.fork();
        const [ticket, state] = ['ticket', 'state'].map((name) => new URL(url).searchParams.get(name)!);
        accounts.watched.take();
        shop.watched.take();
        expect(await ann.step(callbackOf(shop, { ticket, state, iss }))).toMatchObject(REFUSED);
        expect(stage.events.at(-1)).toMatchObject({ errorCode: 'HANDOFF_ISSUER' });
        expect([...accounts.watched.take(), ...shop.watched.take()]).toEqual([]);
        // The login is over, and the ticket was not given away.
        expect(await ann.fork().step(url)).toMatchObject(REFUSED);
        expect(otherTab.browser.jar.getCookieStringSync(url)).toContain('handoff-');
      },
    );

    it('is refused where it says so twice', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      expect(await ann.step(`${await ann.ticketFor(shop)}&iss=https://evil.example`)).toMatchObject(REFUSED);
    });
  });
});

describe('Cookie tossing by sibling', () => {
  describeInWorlds(
    (stage) => {
      it('finds cookies of this host alone, where they are kept by HTTPS', async () => {
        const { accounts, shop, visitor } = stage.world;
        const { setCookies } = await visitor().step(`${shop.origin}/session/start`);
        expect(setCookies.map((cookie) => cookie.replace(/=[^;]*/, '')).toSorted()).toEqual([
          expect.stringMatching(
            /^__Host-handoff-[\w-]{22}; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
          ),
          expect.stringMatching(/^__Host-handoffs; Max-Age=60; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
        ]);
        const login = await visitor().post(`${accounts.origin}/login?user=ann`);
        expect(login.setCookies).toEqual([expect.stringMatching(/^__Host-sessionid=/)]);
      });

      it('finds a login that was begun in no cookie but that one', async () => {
        const { accounts, shop, visitor } = stage.world;
        const { setCookies } = await visitor().step(`${shop.origin}/session/start`);
        const [, state, value] = /^__Host-handoff-([\w-]{22})=([^;]*)/m.exec(setCookies.join('\n'))!;
        const url = callbackOf(shop, { ticket: 'x', state: state!, iss: accounts.origin });
        for (const [name, errorCode] of [
          ['__Host-handoff', 'HANDOFF_TICKET'],
          ['handoff', 'HANDOFF_TRANSACTION'],
          ['__host-handoff', 'HANDOFF_TRANSACTION'],
        ]) {
          await visitor().step(url, { cookie: `${name}-${state}=${value}` });
          expect(stage.events.at(-1)).toMatchObject({ type: 'refused', errorCode });
        }
      });
    },
    { session: { cookie: { secure: true } } },
    ['store'],
  );
});
