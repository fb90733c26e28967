import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as crypto from 'node:crypto';

/** What is compared in constant time. Everything that follows is imported after it has taken its place. */
const compared = jest.fn(crypto.timingSafeEqual);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual: compared }));

const { SessionToken } = await import('../../lib/core/session-token.js');
const { memoryStore } = await import('nest-sessions');
const { adapters } = await import('../support/adapters.js');
const { idOf, playground } = await import('../support/playground.js');
type Playground = Awaited<ReturnType<typeof playground>>;

const hashOf = (secret: string) => crypto.createHash('sha256').update(secret).digest('base64url');

describe.each(adapters)('The secret of a token on $adapter', ({ make }) => {
  let ground: Playground;
  let asked: (readonly unknown[])[];

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: memoryStore() });
    asked = [];
  });
  afterEach(() => ground.close());

  it('1.6 is compared by its hash and in constant time, right or wrong, and looked up by the id alone', async () => {
    const browser = await ground.visitor();
    const id = idOf(browser);
    const right = browser.cookie()!.split('.')[1]!;
    const { secretHash } = (await ground.stored(id))!;
    ground.watched.before = (verb, args) => void asked.push([verb, ...args]);
    const wrong = [
      (right.startsWith('A') ? 'B' : 'A') + right.slice(1),
      right.slice(0, -1) + (right.endsWith('A') ? 'Q' : 'A'),
      'S'.repeat(43),
    ];
    for (const secret of [right, ...wrong]) {
      compared.mockClear();
      const headers = { cookie: `sessionid=${id}.${secret}` };
      const visit = await ground.browser().post('/read', { headers });
      expect(visit.json()).toEqual(secret === right ? { name: 'Ada' } : {});
      expect(compared.mock.calls.map((pair) => pair.map(String))).toEqual([[hashOf(secret), secretHash]]);
    }
    expect(asked).toEqual(Array.from({ length: 4 }, () => ['load', id]));
  });

  it('1.6 is compared in constant time with the one before it, too', async () => {
    await ground.close();
    ground = await playground({ adapter: make(), store: memoryStore(), session: { renewEvery: '1h' } });
    const browser = await ground.visitor();
    const old = browser.fork();
    ground.clock.advance(3600);
    await browser.post('/read');
    const { secretHash, previousHash } = (await ground.stored(idOf(browser)))!;
    compared.mockClear();
    expect((await old.post('/read')).json()).toEqual({ name: 'Ada' });
    const presented = hashOf(old.cookie()!.split('.')[1]!);
    expect(compared.mock.calls.map((pair) => pair.map(String))).toEqual([
      [presented, secretHash],
      [presented, previousHash],
    ]);
  });

  it('1.6 matches no hash of another length, and fails for none', () => {
    const token = SessionToken.mint();
    expect(token.matches(token.secretHash)).toBe(true);
    for (const hash of ['', 'A', token.secretHash.slice(1), `${token.secretHash}A`, '漢'.repeat(43)]) {
      expect(token.matches(hash)).toBe(false);
    }
  });
});
