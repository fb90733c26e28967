import { describe, expect, it } from '@jest/globals';
import { describeInWorlds } from './worlds.js';

describe('With one application on the store of the issuer and one on its own', () => {
  describeInWorlds(
    (stage) => {
      it.each(['accounts', 'shop', 'garden'] as const)(
        'a login ends everywhere when that is asked for at the %s',
        async (where) => {
          const { accounts, shop, garden, user } = stage.world;
          const ann = await user();
          await ann.handOff(shop);
          await ann.handOff(garden);
          await ann.post(`${stage.world[where].origin}/logout?everywhere`);
          for (const site of [accounts, shop, garden]) {
            expect((await ann.me(site)).userId).toBeNull();
          }
          expect(stage.events.filter(({ type }) => type === 'undelivered')).toEqual([]);
        },
      );

      it('a login goes on for whoever tells the issuer of an end that there was none', async () => {
        const { accounts, shop, garden, user } = stage.world;
        const ann = await user();
        await ann.handOff(shop);
        await ann.handOff(garden);
        const record = await shop.store.load((await ann.me(shop)).id!);
        const answer = await fetch(`${accounts.origin}/session/tell`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ groupId: record!.groupId }),
        });
        expect(await answer.json()).toEqual({});
        for (const site of [accounts, shop, garden]) {
          expect((await ann.me(site)).userId).toBe('ann');
        }
      });
    },
    { gardenMode: 'http' },
    ['store'],
  );
});
