import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InternalServerErrorException } from '@nestjs/common';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { playground, type Playground } from '../support/playground.js';
import { memoryStore, type Session } from 'nest-sessions';

const tokenIn = (cookie: string) => /^sessionid=([^;]*)/.exec(cookie)![1];

describe.each(adapters)(
  'A request that saved before another one renewed the secret, on $adapter',
  ({ make }) => {
    let ground: Playground;
    let browser: Browser;
    let oldToken: string;

    beforeEach(async () => {
      ground = await playground({
        adapter: make(),
        store: memoryStore(),
        session: { renewEvery: 3600, renewGrace: 10, touchInterval: 60 },
      });
      browser = await ground.visitor();
      oldToken = browser.cookie()!;
    });
    afterEach(() => ground.close());

    it.each<[string, (session: Session<any>) => unknown]>([
      ['commits on top of the other one', (session) => void session.set('late', 1)],
      ['reloads', (session) => session.reload()],
      [
        'fails with a 500',
        () => {
          throw new InternalServerErrorException();
        },
      ],
    ])('does not give the client the old one back when it %s', async (_, end) => {
      const saved = new Barrier();
      ground.on('slow', async (session) => {
        session.setExpiry('2h');
        await session.save();
        await saved.wait();
        await end(session);
      });
      const late = browser.fork().post('/slow');
      await saved.reached;
      ground.clock.advance(3600);
      await browser.post('/set?other=1');
      expect(browser.cookie()).not.toBe(oldToken);
      saved.open();
      const { setCookies } = await late;
      expect(setCookies.map(tokenIn)).not.toContain(oldToken);
    });

    it('does not give the client the old one back long after a regenerate', async () => {
      const saved = new Barrier();
      ground.on('slow', async (session) => {
        session.setExpiry('2h');
        await session.save();
        await saved.wait();
      });
      const late = browser.fork().post('/slow');
      await saved.reached;
      await browser.post('/regenerate');
      ground.clock.advance(11);
      saved.open();
      const { setCookies } = await late;
      expect(setCookies.map(tokenIn)).not.toContain(oldToken);
    });
  },
);
