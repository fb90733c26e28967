import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { memoryStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';

describe.each(adapters)('A cookie whose name only looks like ours, on $adapter', ({ make }) => {
  let ground: Playground;
  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: memoryStore() });
  });
  afterEach(() => ground.close());

  const read = (cookie: string) =>
    new Promise<string>((resolve, reject) => {
      const sent = request(
        `${ground.origin}/read`,
        { method: 'POST', headers: { cookie } },
        async (response) => resolve(Buffer.concat(await response.toArray()).toString()),
      );
      sent.once('error', reject).end();
    });

  it.each(['\u00a0sessionid', 'sessionid\u00a0'])('is not ours (%j)', async (name) => {
    const victim = await ground.visitor({ name: 'Mallory' });
    expect(await read(`sessionid=${victim.cookie()}`)).toBe('{"name":"Mallory"}');
    // Browsers let a sibling subdomain set it, since its name has no __Host- in front.
    expect(await read(`${name}=${victim.cookie()}`)).toBe('{}');
  });
});
