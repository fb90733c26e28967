import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { adapters } from '../support/adapters.js';
import { handoffWorld, type HandoffMode, type HandoffWorld } from '../support/handoff-world.js';

const modes: { mode: HandoffMode }[] = [{ mode: 'store' }, { mode: 'http' }];

describe.each(adapters)('A handoff on $adapter', ({ make }) => {
  describe.each(modes)('redeemed by $mode', ({ mode }) => {
    let world: HandoffWorld;
    beforeEach(async () => void (world = await handoffWorld({ make, mode })));
    afterEach(() => world.close());

    it('logs a user in at the consumer who is logged in at the issuer', async () => {
      const { shop, accounts } = world;
      const ann = await world.user();
      const visit = await ann.handOff(shop, '/me?from=login#top');
      expect(visit.json()).toMatchObject({ userId: 'ann' });
      expect(visit.json().data).toEqual({});
      expect(ann.trail.map((url) => url.split('?')[0])).toEqual([
        `${accounts.origin}/session/handoff`,
        `${shop.origin}/session/callback`,
        `${shop.origin}/me`,
      ]);
      expect(ann.trail[2]).toBe(`${shop.origin}/me?from=login#top`);
      expect((await ann.me(shop)).id).not.toBe((await ann.me(accounts)).id);
    });

    it('sends who is not logged in to the login page of the issuer, and back into the flow after it', async () => {
      const { shop, accounts } = world;
      const bob = world.visitor();
      const visit = await bob.handOff(shop, '/me');
      expect(bob.trail.at(-1)).toMatch(`${accounts.origin}/login?returnTo=`);
      const { returnTo } = visit.json();
      await bob.post(`${accounts.origin}/login?user=bob`);
      const back = await bob.walk(new URL(returnTo, accounts.origin).href);
      expect(back.json().userId).toBe('bob');
    });

    it('carries when and how the user has logged in, and never a later end than the issuer has', async () => {
      const { shop, accounts, clock } = world;
      const ann = await world.user();
      const at = clock.now();
      clock.advance(3600);
      await ann.handOff(shop);
      const [session] = await shop.sessions.list('ann');
      const record = await shop.store.load((await ann.me(shop)).id!);
      const origin = await accounts.store.load((await ann.me(accounts)).id!);
      expect(record!.authenticatedAt).toBe(at);
      expect(record!.absoluteExpiresAt).toBe(origin!.absoluteExpiresAt);
      expect(session!.methods).toEqual(['pwd', 'otp']);
    });

    it('ends everywhere with a logout at the issuer', async () => {
      const { shop, garden, accounts } = world;
      const ann = await world.user();
      await ann.handOff(shop);
      await ann.handOff(garden);
      await ann.post(`${shop.origin}/regenerate`);
      expect((await ann.me(shop)).userId).toBe('ann');
      await ann.post(`${accounts.origin}/logout`);
      expect((await ann.me(shop)).userId).toBeNull();
      expect((await ann.me(garden)).userId).toBeNull();
      expect((await ann.me(accounts)).userId).toBeNull();
      const told = mode === 'store' ? accounts : shop;
      expect(told.events).toContainEqual(expect.objectContaining({ type: 'revoked', reason: 'group' }));
    });

    it('ends at one consumer only with a logout there, and everywhere when that is asked for', async () => {
      const { shop, garden, accounts } = world;
      const ann = await world.user();
      await ann.handOff(shop);
      await ann.handOff(garden);
      await ann.post(`${shop.origin}/logout`);
      expect((await ann.me(shop)).userId).toBeNull();
      expect((await ann.me(garden)).userId).toBe('ann');
      expect((await ann.me(accounts)).userId).toBe('ann');
      await ann.handOff(shop);
      await ann.post(`${garden.origin}/logout?everywhere`);
      for (const site of [shop, garden, accounts]) {
        expect((await ann.me(site)).userId).toBeNull();
      }
    });

    it('ends everywhere when the session at the issuer is revoked, one or all of the user', async () => {
      const { shop, accounts } = world;
      const [ann, other] = [await world.user(), await world.user()];
      await ann.handOff(shop);
      await other.handOff(shop);
      await accounts.sessions.revoke((await ann.me(accounts)).id!);
      expect((await ann.me(shop)).userId).toBeNull();
      expect((await other.me(shop)).userId).toBe('ann');
      await accounts.sessions.revokeAll('ann');
      expect((await other.me(shop)).userId).toBeNull();
    });

    it('asks nobody anything with prompt=none, and not again for five minutes when nobody is logged in', async () => {
      const { shop, accounts } = world;
      const bob = world.visitor();
      const visit = await bob.handOff(shop, '/me', '&prompt=none');
      expect(visit.json().userId).toBeNull();
      expect(bob.trail).toHaveLength(3);
      await bob.handOff(shop, '/me', '&prompt=none');
      expect(bob.trail).toEqual([`${shop.origin}/me`]);
      await bob.post(`${accounts.origin}/login?user=bob`);
      expect((await bob.handOff(shop)).json().userId).toBe('bob');
    });
  });
});
