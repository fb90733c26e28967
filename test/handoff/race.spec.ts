import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import { describeEachDatabase } from '../support/databases.js';
import type { SharedStore } from '../support/fleet.js';
import { freePort } from '../support/free-port.js';
import { handoffWorld, newKey, Walker } from '../support/handoff-world.js';
import { describeWithRedis, ownPrefix, redisClient, redisUrl, removeKeys } from '../support/redis-servers.js';
import { openSessionTable } from '../support/session-table.js';
import type { WatchedStore } from '../support/watched.store.js';
import { SiteProcess } from './site-process.js';

const RACES = 200;
/** For more than a thousand visits, on a machine that others may leave little of; in milliseconds. */
const PATIENCE = 600_000;
/** Where a ticket was found and is not yet taken. */
const FOUND = 'load nest-sessions/ticket';

interface Shared {
  readonly store: SharedStore;
  remove(): Promise<void>;
}

/** Cookies know no ports: the processes of the shop are one host, and the issuer is another one. */
const HOSTS = { accounts: '127.0.0.2', shop: '127.0.0.1' };

function races(open: () => Promise<Shared>): void {
  let shared: Shared;
  let accounts: SiteProcess;
  let shops: readonly [SiteProcess, SiteProcess];

  beforeAll(async () => {
    shared = await open();
    const { store } = shared;
    const ports = { accounts: await freePort(), shop: await freePort() };
    const issuer = `http://${HOSTS.accounts}:${ports.accounts}`;
    const audiences = { shop: { callback: `http://${HOSTS.shop}:${ports.shop}/session/callback` } };
    const consumer = { issuer, audience: 'shop', key: newKey(), redeem: 'store' as const };
    const shop = (port: number) =>
      SiteProcess.start({ audience: 'shop', store, consumer, host: HOSTS.shop, port, holds: [FOUND] });
    accounts = await SiteProcess.start({
      audience: 'accounts',
      store,
      issuer: { issuer, audiences },
      host: HOSTS.accounts,
      port: ports.accounts,
    });
    shops = [await shop(ports.shop), await shop(0)];
  });
  afterAll(async () => {
    await Promise.all([accounts, ...(shops ?? [])].map((site) => site?.stop()));
    await shared?.remove();
  });

  it(
    `exactly one of two consumers wins, ${RACES} times, and what it has won lives`,
    async () => {
      const [first, second] = shops;
      const wins = [0, 0];
      for (let race = 1; race <= RACES; race++) {
        const user = `user ${race}`;
        const one = new Walker();
        await one.post(`${accounts.origin}/login?user=${encodeURIComponent(user)}`);
        const url = await one.ticketFor(first);
        const two = one.fork();
        const visits = [one.step(url), two.step(url.replace(first.origin, second.origin))];
        // Both have found it before either may take it.
        await Promise.all(shops.map((shop) => shop.held()));
        shops.forEach((shop) => shop.go(FOUND));
        const statuses = (await Promise.all(visits)).map(({ status }) => status);
        expect(statuses.toSorted()).toEqual([303, 400]);
        const winner = statuses.indexOf(303);
        wins[winner]! += 1;
        const [won, lost] = winner === 0 ? [one, two] : [two, one];
        // At the one that has lost too, which shares the store.
        expect((await won.me(shops[1 - winner]!)).userId).toBe(user);
        expect((await lost.me(shops[winner]!)).userId).toBeNull();
      }
      expect(wins[0]! + wins[1]!).toBe(RACES);
    },
    PATIENCE,
  );
}

const TITLE = 'Of two processes with one ticket';

describeEachDatabase(
  TITLE,
  ({ create }) =>
    races(async () => {
      const scratch = await create();
      const dataSource = await openSessionTable(scratch.options);
      const remove = async () => {
        await dataSource.destroy();
        await scratch.drop();
      };
      return { store: { database: scratch.options }, remove };
    }),
  ({ type }) => type === 'postgres',
);

describe(`${TITLE} (files)`, () =>
  races(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    return { store: { directory }, remove: () => rm(directory, { recursive: true }) };
  }));

describeWithRedis(`${TITLE} (Redis)`, () =>
  races(async () => {
    const prefix = ownPrefix();
    const remove = async () => {
      const client = await redisClient();
      await removeKeys(client, prefix);
      await client.close();
    };
    return { store: { redis: { url: redisUrl, prefix } }, remove };
  }),
);

const rows = adapters.flatMap((adapter) => [
  { ...adapter, mode: 'store' as const, held: 'shop' as const },
  { ...adapter, mode: 'http' as const, held: 'shop' as const },
  { ...adapter, mode: 'http' as const, held: 'accounts' as const },
]);

/** Begins something, and holds it before what it asks of its store at that place, if it comes there. */
async function heldAt(watched: WatchedStore, place: number, begin: () => Promise<unknown>) {
  const barrier = new Barrier();
  let count = 0;
  watched.before = () => (count++ === place ? barrier.wait() : undefined);
  const running = begin();
  const isHeld = await Promise.race([barrier.reached.then(() => true), running.then(() => false)]);
  watched.before = () => undefined;
  const goOn = async () => {
    barrier.open();
    await running;
  };
  return { isHeld, goOn };
}

describe.each(rows)('While a login is taken over, redeemed by $mode on $adapter', ({ make, mode, held }) => {
  it(`a logout at the issuer leaves no session alive, wherever it comes between what the ${held} asks of its store`, async () => {
    const world = await handoffWorld({ make, mode });
    const { accounts, shop } = world;
    const { watched } = world[held];
    const other = await world.user('other');
    const undisturbed = await other.ticketFor(shop);
    watched.take();
    expect((await other.step(undisturbed)).status).toBe(303);
    const places = watched.take().length * 2;
    expect(places).toBeGreaterThan(0);

    for (let place = 0; place < places; place++) {
      const ann = await world.user();
      const url = await ann.ticketFor(shop);
      const { id } = await ann.me(accounts);
      const barrier = new Barrier();
      let count = 0;
      // Before each of the operations, and after.
      watched.before = watched.after = () => (count++ === place ? barrier.wait() : undefined);
      const visit = ann.step(url);
      await barrier.reached;
      watched.before = watched.after = () => undefined;
      expect(await accounts.sessions.revoke(id!)).toBe(true);
      barrier.open();
      await visit;
      const left = await Promise.all([accounts, shop].map(({ sessions }) => sessions.list('ann')));
      expect({ place, left: left.flat() }).toEqual({ place, left: [] });
      expect((await ann.me(shop)).userId).toBeNull();
    }
    expect((await other.me(shop)).userId).toBe('other');
    await world.close();
  });
});

describe.each(adapters)('While a login is taken over, redeemed by store on $adapter', ({ make }) => {
  it('a logout at the issuer leaves no session alive, wherever it is itself when the login goes on', async () => {
    const world = await handoffWorld({ make, mode: 'store' });
    const { accounts, shop } = world;
    let [places, isComing] = [0, true];
    for (let visitAt = 0; isComing; visitAt++) {
      let isEnding = true;
      for (let logoutAt = 0; isEnding; logoutAt++, places++) {
        const ann = await world.user();
        const url = await ann.ticketFor(shop);
        const { id } = await ann.me(accounts);
        const visit = await heldAt(shop.watched, visitAt, () => ann.step(url));
        const logout = await heldAt(accounts.watched, logoutAt, () => accounts.sessions.revoke(id!));
        [isComing, isEnding] = [visit.isHeld, logout.isHeld];
        await visit.goOn();
        await logout.goOn();
        const left = await Promise.all([accounts, shop].map(({ sessions }) => sessions.list('ann')));
        expect({ visitAt, logoutAt, left: left.flat() }).toEqual({ visitAt, logoutAt, left: [] });
      }
    }
    expect(places).toBeGreaterThan(20);
    await world.close();
  });
});
