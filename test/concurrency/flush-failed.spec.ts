import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';

describe.each(adapters)('A flush that the store has failed, on $adapter', ({ make }) => {
  let ground: Playground;
  beforeEach(async () => {
    ground = await playground({
      adapter: make(),
      store: memoryStore(),
      session: { renewEvery: 3600, renewGrace: 10 },
    });
  });
  afterEach(() => ground.close());

  it('leaves a session that still gets the new secret of its next renewal', async () => {
    const browser = await ground.visitor({ name: 'Ada' });
    ground.clock.advance(3590);
    ground.watched.before = (verb) => {
      if (verb === 'destroy') throw new Error('away');
    };
    expect((await browser.post('/flush')).status).toBe(503);
    ground.watched.before = () => undefined;
    const before = browser.cookie();
    ground.clock.advance(10);
    await browser.post('/read');
    expect(browser.cookie()).not.toBe(before);
    ground.clock.advance(60);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
  });
});
