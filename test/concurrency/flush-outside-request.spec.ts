import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { idOf, playground, type Playground } from '../support/playground.js';

describe('A session that a job has flushed', () => {
  let ground: Playground;
  beforeEach(async () => {
    ground = await playground({ adapter: adapters[0]!.make(), store: memoryStore() });
  });
  afterEach(() => ground.close());

  it('does not make its client a latecomer: nobody has told it, and what it writes next is kept', async () => {
    const browser = await ground.visitor();
    await (await ground.sessions.open(idOf(browser)))!.flush();
    await browser.post('/set?name=Grace');
    expect((await browser.post('/read')).json()).toEqual({ name: 'Grace' });
  });
});
