import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { adapters } from '../support/adapters.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { memoryStore } from 'nest-sessions';

describe('update(key, fn) while an earlier save() is still on its way', () => {
  let ground: Playground;
  beforeEach(async () => {
    ground = await playground({ adapter: adapters[0]!.make(), store: memoryStore() });
  });
  afterEach(() => ground.close());

  it('is computed from what another request has committed first', async () => {
    const browser = await ground.visitor({ n: 0 });
    ground.on('twice', async (session) => {
      session.update('n', (n) => n + 1);
      const saving = session.save();
      session.update('n', (n) => n + 1);
      await saving;
    });
    ground.on('ten', (session) => void session.update('n', (n) => n + 10));
    const held = ground.hold('before', 'commit');
    const first = browser.fork().post('/twice');
    await held.reached;
    await browser.post('/ten');
    held.open();
    await first;
    expect(await ground.dataOf(idOf(browser))).toEqual({ n: 12 });
  });
});
