import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fileStore, memoryStore } from 'nest-sessions';
import { HandoffModule, type HandoffConsumerOptions } from 'nest-sessions/handoff';
import { adapters } from '../support/adapters.js';
import { freePort } from '../support/free-port.js';
import { newKey, SiteController, Walker, type HandoffMode } from '../support/handoff-world.js';
import { serve, type Served } from '../support/serve.js';
import { begin } from './worlds.js';
import { SiteProcess } from './site-process.js';

const HOSTS = { accounts: '127.0.0.2', shop: '127.0.0.1' };
const ISSUED = 'create nest-sessions/ticket';
const REDEEMED = 'load nest-sessions/ticket';

describe.each(adapters)(
  'An issuer that is killed in the middle of a handoff to a consumer on $adapter',
  ({ make }) => {
    let directory: string;
    let accounts: SiteProcess;
    let shop: Served;
    let startIssuer: (holds?: readonly string[]) => Promise<SiteProcess>;
    let ann: Walker;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
      ann = new Walker();
    });
    afterEach(async () => {
      await Promise.all([accounts.stop(), shop.close()]);
      await rm(directory, { recursive: true });
    });

    /** Ann is logged in at the issuer, which keeps its sessions in files and so knows her when it is back. */
    async function begun(mode: HandoffMode, holds: readonly string[] = []): Promise<void> {
      const ports = { accounts: await freePort(), shop: await freePort() };
      const issuer = `http://${HOSTS.accounts}:${ports.accounts}`;
      const key = newKey();
      const callback = `http://${HOSTS.shop}:${ports.shop}/session/callback`;
      const audiences = { shop: { callback, ...(mode === 'http' && { key }) } };
      startIssuer = (held = []) =>
        SiteProcess.start({
          audience: 'accounts',
          store: { directory },
          issuer: { issuer, audiences },
          host: HOSTS.accounts,
          port: ports.accounts,
          holds: held,
        });
      const consumer: HandoffConsumerOptions = { issuer, audience: 'shop', key, redeem: mode };
      const store = mode === 'store' ? fileStore({ directory }) : memoryStore();
      accounts = await startIssuer(holds);
      shop = await serve({
        adapter: make(),
        session: { store, audience: 'shop', cleanup: false },
        controllers: [SiteController],
        imports: [HandoffModule.forConsumer(consumer)],
        at: { host: HOSTS.shop, port: ports.shop },
      });
      await ann.post(`${accounts.origin}/login?user=ann`);
    }

    /** Who she is to the shop, and what that has stored of her. */
    async function atShop() {
      return { userId: (await ann.me(shop)).userId, sessions: await shop.sessions.list('ann') };
    }
    const NOBODY = { userId: null, sessions: [] };

    /** What the page offers, once the issuer is back. */
    async function startAgain(page: { text: string }, url: string): Promise<void> {
      accounts = await startIssuer();
      const [, href] = /<a href="([^"]+)">Start again<\/a>/.exec(page.text)!;
      await ann.walk(new URL(href!, url).href);
      expect((await ann.me(shop)).userId).toBe('ann');
    }

    it('before it has sent the browser back: nobody is logged in, and starting again works', async () => {
      await begun('http', [ISSUED]);
      const lost = ann.handOff(shop);
      const failed = expect(lost).rejects.toThrow();
      await accounts.held();
      await accounts.kill();
      await failed;
      expect(await atShop()).toEqual(NOBODY);
      // The page is the browser's own: it was with the issuer. She goes back to the shop.
      accounts = await startIssuer();
      expect((await ann.handOff(shop)).json().userId).toBe('ann');
    });

    it('between the ticket and its redemption: a page says that nobody is logged in, and starting again works', async () => {
      await begun('http');
      const url = await ann.ticketFor(shop);
      await accounts.kill();
      const page = await ann.step(url);
      expect(page).toMatchObject({ status: 503, text: expect.stringContaining('You are not logged in') });
      expect(page.setCookies.filter((cookie) => cookie.startsWith('sessionid='))).toEqual([]);
      expect(await atShop()).toEqual(NOBODY);
      await startAgain(page, url);
    });

    it('while it redeems the ticket: a page says that nobody is logged in, and starting again works', async () => {
      await begun('http', [REDEEMED]);
      const url = await ann.ticketFor(shop);
      const answer = ann.step(url);
      await accounts.held();
      await accounts.kill();
      const page = await answer;
      expect(page).toMatchObject({ status: 503, text: expect.stringContaining('You are not logged in') });
      expect(page.setCookies.filter((cookie) => cookie.startsWith('sessionid='))).toEqual([]);
      expect(await atShop()).toEqual(NOBODY);
      await startAgain(page, url);
    });

    it('while it is away: whoever begins a login finds nobody logged in by that', async () => {
      await begun('http');
      await accounts.kill();
      await begin(ann, shop);
      expect(await atShop()).toEqual(NOBODY);
      accounts = await startIssuer();
      expect((await ann.handOff(shop)).json().userId).toBe('ann');
    });

    it('is not missed once the ticket is in the store that both are on', async () => {
      await begun('store');
      const url = await ann.ticketFor(shop);
      await accounts.kill();
      expect((await ann.walk(url)).json().userId).toBe('ann');
    });
  },
);
