import { describe, expect, it } from '@jest/globals';
import type { Site, Walker } from '../support/handoff-world.js';
import { describeInWorlds } from './worlds.js';

/** What the login itself asks of the store: it begins a group, whatever is handed over later. */
const LOGIN = ['load', 'create', 'create', 'load'];
/** Of the issuer, for every application: who is logged in, and a ticket. */
const HANDOFF = ['load', 'create'];

/** What redeeming the ticket asks of each side's store. */
const CALLBACK = {
  store: {
    accounts: [],
    // The ticket is found, taken and noted as used; the group is entered, the session stored, the group looked at again.
    consumer: ['load', 'destroy', 'create', 'load', 'commit', 'create', 'load'],
  },
  http: {
    // The ticket is found, taken and noted as used; the application is noted with the group.
    accounts: ['load', 'destroy', 'create', 'load', 'commit'],
    // The group is begun, the session stored, the group looked at again.
    consumer: ['load', 'create', 'create', 'load'],
  },
};

/** The same where the application takes part in the login already, and its session has ended. */
const CALLBACK_AGAIN = {
  store: CALLBACK.store,
  http: { accounts: ['load', 'destroy', 'create', 'load'], consumer: ['load', 'commit', 'create', 'load'] },
};

describe('What a handoff costs', () => {
  describeInWorlds((stage) => {
    /** What each side asks of its store while somebody goes where `act` leads. */
    async function spent(consumer: Site, act: () => Promise<unknown>) {
      const sites = { accounts: stage.world.accounts, consumer };
      Object.values(sites).forEach(({ watched }) => watched.take());
      await act();
      return { accounts: sites.accounts.watched.take(), consumer: sites.consumer.watched.take() };
    }

    /** From the one place to where the browser is sent from there. */
    async function hop(walker: Walker, consumer: Site, url: string) {
      let next = '';
      const cost = await spent(consumer, async () => {
        next = new URL((await walker.step(url)).headers.get('location')!, url).href;
      });
      return { next, cost };
    }

    const free = { accounts: [], consumer: [] };
    const startOf = ({ origin }: Site) => `${origin}/session/start?returnTo=/me`;

    it('is four redirects the first time, two of them about the login, which costs what any login does', async () => {
      const { accounts, shop, visitor } = stage.world;
      const ann = visitor();
      const start = await hop(ann, shop, startOf(shop));
      const asGuest = await hop(ann, shop, start.next);
      const login = await spent(shop, () => ann.post(`${accounts.origin}/login?user=ann`));
      const returnTo = new URL(asGuest.next).searchParams.get('returnTo')!;
      const handoff = await hop(ann, shop, new URL(returnTo, accounts.origin).href);
      const callback = await hop(ann, shop, handoff.next);
      expect(callback.next).toBe(`${shop.origin}/me`);
      expect({ start, asGuest, login, handoff, callback }).toMatchObject({
        start: { cost: free },
        asGuest: { cost: free },
        login: { accounts: LOGIN, consumer: [] },
        handoff: { cost: { accounts: HANDOFF, consumer: [] } },
        callback: { cost: CALLBACK[stage.mode] },
      });
    });

    it('is three redirects for every other application, and for one that has been logged out of', async () => {
      const { shop, garden, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop);
      for (const cost of [CALLBACK, CALLBACK_AGAIN]) {
        const start = await hop(ann, garden, startOf(garden));
        const handoff = await hop(ann, garden, start.next);
        const callback = await hop(ann, garden, handoff.next);
        expect(callback.next).toBe(`${garden.origin}/me`);
        expect(start.cost).toEqual(free);
        expect(handoff.cost).toEqual({ accounts: HANDOFF, consumer: [] });
        expect(callback.cost).toEqual(cost[stage.mode]);
        await ann.post(`${garden.origin}/logout`);
      }
    });

    it('is one redirect, and the load of the session, for who is logged in already', async () => {
      const { shop, user } = stage.world;
      const ann = await user();
      await ann.handOff(shop);
      expect((await hop(ann, shop, startOf(shop))).cost).toEqual({ accounts: [], consumer: ['load'] });
    });
  });
});
