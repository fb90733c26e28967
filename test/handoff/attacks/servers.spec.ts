import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { handoffKey } from '../../../lib/handoff/handoff-key.js';
import { signMessage, type MessageKind } from '../../../lib/handoff/signed-message.js';
import { adapters } from '../../support/adapters.js';
import { handoffWorld, newKey, type HandoffWorld, type Site } from '../../support/handoff-world.js';
import { begin, callbackOf, describeInWorlds, ticketIn } from '../worlds.js';

/** Sends a message as a server does. */
function post({ origin }: Pick<Site, 'origin'>, path: string, message: unknown) {
  return fetch(`${origin}/session/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message }),
  });
}

/** A message between a consumer and the issuer, right but for what the test has changed. */
function messages({ accounts, clock, keys }: HandoffWorld) {
  const sign = (
    kind: MessageKind,
    content: Record<string, unknown>,
    {
      from,
      to,
      key = keys.shop,
      now = clock.now,
    }: { from: string; to: string; key?: string; now?: () => number },
  ) => signMessage(kind, content, { from, to, key: handoffKey(key, 'messages'), now });
  return {
    /** What the issuer tells the shop. */
    toShop: (kind: MessageKind, content: Record<string, unknown>, change = {}) =>
      sign(kind, content, { from: accounts.origin, to: 'shop', ...change }),
    /** What the shop asks the issuer. */
    toIssuer: (kind: MessageKind, content: Record<string, unknown>, change = {}) =>
      sign(kind, content, { from: 'shop', to: accounts.origin, ...change }),
  };
}

/** The id of a browser's login, as the issuer has it. */
async function loginOf(site: Site, id: string | undefined): Promise<string> {
  const { groupId } = (await site.store.load(id!))!;
  return groupId!.replace('remote:', '');
}

describe('Forced logout DoS', () => {
  describeInWorlds((stage) => {
    it('finds no address that ends a login by being visited', async () => {
      const { accounts, shop, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop);
      for (const { origin } of [shop, accounts]) {
        for (const name of ['logout', 'end', 'ended', 'start', 'callback', 'handoff', 'redeem', 'tell']) {
          await ann.step(`${origin}/session/${name}`);
          await ann.step(`${origin}/session/${name}`, {
            'sec-fetch-mode': 'no-cors',
            'sec-fetch-dest': 'image',
          });
        }
      }
      expect((await ann.me(shop)).userId).toBe('ann');
      expect((await ann.me(accounts)).userId).toBe('ann');
    });
  });

  describeInWorlds(
    (stage) => {
      it('finds no address for servers that a browser may visit', async () => {
        const { accounts, shop, visitor } = stage.world;
        for (const address of [
          `${shop.origin}/session/ended`,
          ...['redeem', 'spoil', 'check', 'end', 'tell'].map((name) => `${accounts.origin}/session/${name}`),
        ]) {
          const { status, headers } = await visitor().step(address);
          expect([status, headers.get('allow')]).toEqual([405, 'POST']);
        }
      });

      it.each([
        { message: 'no message', of: async () => undefined },
        { message: 'no text', of: async () => ({ groupId: 'x' }) },
        { message: 'no signature', of: async (right: string) => right.replace(/[^.]+$/, '') },
        {
          message: 'a signature that is another',
          of: async (right: string) => right.replace(/[^.]+$/, 'AAAA'),
        },
        {
          message: 'the algorithm "none"',
          of: async (right: string) => {
            const header = Buffer.from('{"alg":"none","typ":"nest-sessions-handoff-ended+jwt"}').toString(
              'base64url',
            );
            return `${header}.${right.split('.')[1]}.`;
          },
        },
      ])('is of no use with $message', async ({ of }) => {
        const { shop, user } = stage.world;
        const ann = await user();
        const { id } = (await ann.handOff(shop)).json();
        const right = await messages(stage.world).toShop('ended', { groupId: await loginOf(shop, id) });
        expect((await post(shop, 'ended', await of(right))).status).toBe(401);
        expect((await ann.me(shop)).userId).toBe('ann');
        // All that was wrong is what the row says.
        expect((await post(shop, 'ended', right)).status).toBe(200);
        expect((await ann.me(shop)).userId).toBeNull();
      });

      it('is of no use with another key, kind, sender, recipient or time', async () => {
        const { shop, clock, keys, user } = stage.world;
        const ann = await user();
        const content = { groupId: await loginOf(shop, (await ann.handOff(shop)).json().id) };
        const { toShop, toIssuer } = messages(stage.world);
        const kinds = ['redeem', 'redeemed', 'spoil', 'check', 'checked', 'end', 'done'] as const;
        const forged = await Promise.all([
          toShop('ended', content, { key: newKey() }),
          toShop('ended', content, { key: keys.garden }),
          ...kinds.map((kind) => toShop(kind, content)),
          toShop('ended', content, { from: 'garden' }),
          toShop('ended', content, { from: 'https://evil.example' }),
          toShop('ended', content, { to: 'garden' }),
          toIssuer('ended', content),
          toShop('ended', content, { now: () => clock.now() - 121_000 }),
          toShop('ended', content, { now: () => clock.now() + 61_000 }),
        ]);
        for (const message of forged) {
          expect((await post(shop, 'ended', message)).status).toBe(401);
        }
        expect((await ann.me(shop)).userId).toBe('ann');
        expect(stage.events.filter(({ type }) => type === 'refused')).toHaveLength(forged.length);
      });

      it('is of no use at the issuer from whoever takes no part in the login', async () => {
        const { accounts, shop, keys, user } = stage.world;
        const ann = await user();
        const content = { groupId: await loginOf(shop, (await ann.handOff(shop)).json().id) };
        const { toIssuer } = messages(stage.world);
        const ofGarden = { from: 'garden', key: keys.garden };
        // It has a right to ask, and no say in this.
        expect((await post(accounts, 'end', await toIssuer('end', content, ofGarden))).status).toBe(200);
        for (const message of await Promise.all([
          toIssuer('end', content, { from: 'garden' }),
          toIssuer('end', content, { from: 'nobody' }),
          toIssuer('end', content, { key: keys.garden }),
          toIssuer('check', content),
          toIssuer('end', content, { to: shop.origin }),
        ])) {
          expect((await post(accounts, 'end', message)).status).toBe(401);
        }
        expect((await ann.me(shop)).userId).toBe('ann');
        expect((await ann.me(accounts)).userId).toBe('ann');
      });

      it('is of no use with a message that was right for another login', async () => {
        const { accounts, shop, user } = stage.world;
        const ann = await user();
        const { toShop, toIssuer } = messages(stage.world);
        const content = { groupId: await loginOf(shop, (await ann.handOff(shop)).json().id) };
        const [ended, end] = [await toShop('ended', content), await toIssuer('end', content)];
        await ann.post(`${accounts.origin}/logout`);
        await ann.post(`${accounts.origin}/login?user=ann`);
        await ann.handOff(shop);
        expect((await post(shop, 'ended', ended)).status).toBe(200);
        expect((await post(accounts, 'end', end)).status).toBe(200);
        expect((await ann.me(shop)).userId).toBe('ann');
        expect((await ann.me(accounts)).userId).toBe('ann');
      });

      it('is of no use with a message that is too large, or is none', async () => {
        const { shop } = stage.world;
        expect((await post(shop, 'ended', 'x'.repeat(20_000))).status).toBe(413);
        const form = await fetch(`${shop.origin}/session/ended`, { method: 'POST', body: 'hello' });
        expect(form.status).toBe(415);
      });
    },
    {},
    ['http'],
  );
});

describe('Ticket theft before use', () => {
  describeInWorlds(
    (stage) => {
      it('is of no use without the key of the application, to whoever has the verifier too', async () => {
        const { accounts, keys, shop, user } = stage.world;
        const ann = await user();
        const url = await ann.ticketFor(shop);
        const content = { ticket: ticketIn(url), verifier: 'known' };
        const { toIssuer } = messages(stage.world);
        for (const change of [{ key: newKey() }, { key: keys.garden }, { from: 'garden' }]) {
          const answer = await post(accounts, 'redeem', await toIssuer('redeem', content, change));
          expect([answer.status, await answer.json()]).toEqual([
            401,
            expect.objectContaining({ errorCode: 'HANDOFF_SIGNATURE' }),
          ]);
        }
        expect((await ann.walk(url)).json().userId).toBe('ann');
      });
    },
    {},
    ['http'],
  );
});

describe('Stale child after group end', () => {
  describeInWorlds(
    (stage) => {
      it('is over at once on a shared store, without a word to anybody', async () => {
        const { accounts, shop, user } = stage.world;
        const ann = await user();
        const { id } = (await ann.handOff(shop)).json();
        await ann.post(`${accounts.origin}/logout`);
        expect(await shop.store.load(id)).toBeUndefined();
        expect((await ann.me(shop)).userId).toBeNull();
      });
    },
    {},
    ['store'],
  );

  // Nobody listens there.
  const deaf = { logoutUrl: 'http://127.0.0.1:9/session/ended' };

  describeInWorlds(
    (stage) => {
      it('is asked about within the hour where the message was lost', async () => {
        const { accounts, shop, clock, user } = stage.world;
        const ann = await user();
        await ann.handOff(shop);
        await ann.post(`${accounts.origin}/logout`);
        expect(stage.events).toContainEqual({ type: 'undelivered', recipient: 'shop', attempt: 1 });
        clock.advance(29 * 60);
        expect((await ann.me(shop)).userId).toBe('ann');
        clock.advance(31 * 60);
        expect((await ann.me(shop)).userId).toBeNull();
        expect(shop.events).toContainEqual(expect.objectContaining({ type: 'revoked', reason: 'group' }));
      });

      it('is asked about from half of the hour on by whoever comes, who does not wait for the answer', async () => {
        const { accounts, shop, clock, user } = stage.world;
        const ann = await user('eve');
        const { id } = (await ann.handOff(shop)).json();
        await ann.post(`${accounts.origin}/logout`);
        clock.advance(30 * 60);
        const ended = new Promise<void>((resolve) => {
          shop.watched.after = (verb, args) => void (verb === 'destroy' && args[0] === id && resolve());
        });
        expect((await ann.me(shop)).userId).toBe('eve');
        await ended;
        shop.watched.after = () => undefined;
        expect((await ann.me(shop)).userId).toBeNull();
      });

      it('is none while the login goes on, however often it is asked about', async () => {
        const { shop, clock, user } = stage.world;
        const ann = await user();
        await ann.handOff(shop);
        for (let hours = 1; hours <= 5; hours++) {
          clock.advance(3600);
          expect((await ann.me(shop)).userId).toBe('ann');
        }
      });
    },
    { audience: deaf },
    ['http'],
  );

  describeInWorlds(
    (stage) => {
      it('is not used where the issuer is away for longer than the hour, and never becomes a guest', async () => {
        const { accounts, shop, clock, user } = stage.world;
        const ann = await user();
        await ann.handOff(shop);
        await accounts.close();
        clock.advance(59 * 60);
        expect((await ann.me(shop)).userId).toBe('ann');
        clock.advance(60);
        for (const path of ['me', 'session/start']) {
          const visit = await ann.step(`${shop.origin}/${path}`);
          expect(visit.status).toBe(503);
          expect(visit.setCookies.filter((cookie) => cookie.startsWith('sessionid='))).toEqual([]);
        }
      });
    },
    {},
    ['http'],
  );
});

describe('SSRF through issuer config', () => {
  const servers: { close(): void }[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  async function listen(answer: RequestListener) {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url!);
      answer(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    servers.push({ close: () => void (server.closeAllConnections(), server.close()) });
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
  }

  describeInWorlds((stage) => {
    it('finds only addresses that are set up, whatever a request says', async () => {
      const { accounts, shop, user } = stage.world;
      const inside = await listen((_request, response) => void response.end());
      const ann = await user();
      const { state } = await begin(ann, shop);
      await ann.step(callbackOf(shop, { ticket: 'x', state, iss: inside.origin }));
      const headers = {
        host: new URL(inside.origin).host,
        'x-forwarded-host': new URL(inside.origin).host,
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      };
      const visit = await ann.step(
        `${shop.origin}/session/start?iss=${inside.origin}&issuer=${inside.origin}`,
        headers,
      );
      expect(visit.headers.get('location')).toMatch(`${accounts.origin}/session/handoff?`);
      const query = new URLSearchParams({ aud: 'shop', state, challenge: 'a'.repeat(43) });
      const back = await ann.step(`${accounts.origin}/session/handoff?${query}`, headers);
      expect(back.headers.get('location')).toMatch(`${shop.origin}/session/callback?`);
      expect(inside.requests).toEqual([]);
    });
  });

  describe.each(adapters)('on $adapter, redeemed by http', ({ make }) => {
    it.each([301, 302, 307, 308])('finds no server that one of them refers to with %d', async (status) => {
      const inside = await listen((_request, response) => void response.end('{}'));
      const referring = await listen((request, response) => {
        response.writeHead(status, { Location: `${inside.origin}${request.url}` }).end();
      });
      for (const { options, first } of [
        { options: { consumer: { backChannel: referring.origin } }, first: 503 },
        { options: { audience: { logoutUrl: `${referring.origin}/session/ended` } }, first: 200 },
      ]) {
        const world = await handoffWorld({ make, mode: 'http', ...options });
        try {
          const ann = await world.user();
          expect((await ann.handOff(world.shop)).status).toBe(first);
          await ann.post(`${world.accounts.origin}/logout`);
        } finally {
          await world.close();
        }
      }
      expect(referring.requests).toEqual(['/session/redeem', '/session/ended']);
      expect(inside.requests).toEqual([]);
    });
  });
});
