import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HandoffLogin } from 'nest-sessions/handoff';
import { describeInWorlds } from './worlds.js';

/** What the consumers do with a login. */
let userOf: (login: HandoffLogin) => unknown;
const user = (login: HandoffLogin) => userOf(login) as string;

describe('Whom a login is for at a consumer', () => {
  beforeEach(() => {
    userOf = ({ subject }) => subject;
  });

  describeInWorlds(
    (stage) => {
      it('is for the consumer to say, which is told all that the issuer knows', async () => {
        const { accounts, shop, clock, user: loggedIn } = stage.world;
        const logins: HandoffLogin[] = [];
        userOf = async (login) => {
          logins.push(login);
          return `customer of ${login.subject}`;
        };
        const ann = await loggedIn('ann');
        expect((await ann.handOff(shop)).json().userId).toBe('customer of ann');
        expect(logins).toEqual([
          {
            subject: 'ann',
            issuer: accounts.origin,
            methods: ['pwd', 'otp'],
            authenticatedAt: new Date(clock.now()),
          },
        ]);
      });

      it.each([undefined, null])('is nobody, and a page says so, where that is %s', async (nobody) => {
        const { shop, user: loggedIn } = stage.world;
        userOf = () => nobody;
        const bob = await loggedIn(`bob ${nobody}`);
        await bob.post(`${shop.origin}/set?basket=pear`);
        const visit = await bob.handOff(shop);
        expect(visit).toMatchObject({ status: 403, text: expect.stringContaining('You are not logged in') });
        expect(stage.events.at(-1)).toMatchObject({ errorCode: 'HANDOFF_USER' });
        expect(await bob.me(shop)).toMatchObject({ userId: null, data: { basket: 'pear' } });
      });

      it.each([7, '', {}, true])(
        'is nobody where that is no id of a user (%j), and an error',
        async (wrong) => {
          const { accounts, shop, garden, user: loggedIn } = stage.world;
          userOf = () => wrong;
          const cid = await loggedIn(`cid ${JSON.stringify(wrong)}`);
          await cid.post(`${shop.origin}/set?basket=pear`);
          expect((await cid.handOff(shop)).status).toBe(500);
          expect(await cid.me(shop)).toMatchObject({ userId: null, data: { basket: 'pear' } });
          // They have one logger, whichever that is.
          const log = [accounts, shop, garden].flatMap((site) => site.log);
          expect(log).toContainEqual(expect.stringContaining('The option "user"'));
        },
      );

      it('is nobody where finding that out fails', async () => {
        const { shop, user: loggedIn } = stage.world;
        userOf = () => {
          throw new Error('no database');
        };
        const dan = await loggedIn('dan');
        expect((await dan.handOff(shop)).status).toBe(500);
        expect((await dan.me(shop)).userId).toBeNull();
      });

      it('is nobody where it would be one session too many, and a guest keeps what they have', async () => {
        const { shop, user: loggedIn } = stage.world;
        userOf = () => 'the one customer';
        const [eve, fay] = [await loggedIn('eve'), await loggedIn('fay')];
        expect((await eve.handOff(shop)).json().userId).toBe('the one customer');
        await fay.post(`${shop.origin}/set?basket=pear`);
        expect((await fay.handOff(shop)).status).toBe(409);
        expect(await fay.me(shop)).toMatchObject({ userId: null, data: { basket: 'pear' } });
      });
    },
    { consumer: { user }, session: { maxSessionsPerUser: { limit: 1, exceeded: 'refuse' } } },
  );
});
