import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { cachedStore, memoryCache, MemoryStore, type SessionModuleOptions } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Visit } from '../support/browser.js';
import { peeking } from '../support/peeking.store.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import type { Pieces, RawStore, Reading } from '../support/raw-store.js';
import { describeRawStores } from '../support/raw-stores.js';
import { describeStores } from '../support/stores-under-test.js';

type Damage = (bytes: Buffer, at: number) => Buffer;

const flipped: Damage = (bytes, at) =>
  Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)));
const cut: Damage = (bytes, at) => bytes.subarray(0, at);
/** What is inserted means something in JSON, or in a number. */
const lengthened: Damage = (bytes, at) =>
  Buffer.concat([bytes.subarray(0, at), Buffer.from('1e",x'[at % 5]!), bytes.subarray(at)]);

const DAMAGES: readonly [string, Damage][] = [
  ['with a bit of any byte flipped', flipped],
  ['cut off anywhere', cut],
  ['with a byte too many anywhere', lengthened],
];

/** Where to damage it: at every byte; what is long is cut and lengthened at every seventh, for the sake of time. */
function* places({ length }: Buffer, damage: Damage): Generator<number> {
  const step = damage === flipped || length < 100 ? 1 : 7;
  for (let at = 0; at < length; at += step) yield at;
}

/** What may be shown of what is stored: exactly the data that is there to read, or why there is no session. */
function truth(read: () => Reading, intact: Reading): string {
  let reading: Reading;
  try {
    reading = read();
  } catch {
    return 'unknown-token';
  }
  if (reading.secretHash !== intact.secretHash) return 'unknown-token';
  try {
    const data: unknown = JSON.parse(reading.data);
    return data && typeof data === 'object' && !Array.isArray(data) ? JSON.stringify(data) : 'corrupt';
  } catch {
    return 'corrupt';
  }
}

describe('A stored session', () => {
  let ground: Playground;
  let id: string;
  let token: string;

  async function begin(definition: RawStore['definition'], session: SessionModuleOptions = {}) {
    ground = await playground({ adapter: adapters[0]!.make(), store: definition, session });
    const browser = await ground.visitor({ n: 1, a: 'b' });
    [id, token] = [idOf(browser), browser.cookie()!];
    // So late that every use moves the expiry: what was read is then also written.
    ground.clock.advance(120);
  }

  afterEach(() => ground.close());

  /** What has happened before is of no interest any more. */
  const send = (path: string) => {
    ground.events.length = 0;
    return ground.browser().post(path, { headers: { cookie: `sessionid=${token}` } });
  };

  /** What a request made of it: the data, or the one event that says why there was no session. */
  function outcome(visit: Visit): string {
    const told = ground.events.filter(({ type }) => /unknown-token|corrupt/.test(type));
    if (visit.status !== 200 || told.length === 0) return visit.text;
    const isNone = visit.text === '{}' && visit.setCookies.join().startsWith('sessionid=; Max-Age=0;');
    return isNone && told.length === 1 && 'id' in told[0]! && told[0].id === id
      ? told[0].type
      : JSON.stringify([visit.text, ...told]);
  }

  describeRawStores('in a storage of its own', (open) => {
    let raw: RawStore;
    afterEach(() => raw.close());

    /** Damages a piece at every place, and lists where a request made the wrong thing of it. */
    async function wrongs(
      intact: Pieces,
      name: string,
      damage: Damage,
      isRight: (seen: string, there: string) => boolean,
      [from, to] = [0, Infinity],
    ): Promise<string[]> {
      const wrong: string[] = [];
      for (const at of places(intact[name]!, damage)) {
        const pieces: Pieces = { ...intact, [name]: damage(intact[name]!, at) };
        if (at < from || at >= to || !(await raw.put(id, pieces))) continue;
        const seen = outcome(await send('/read'));
        const there = truth(() => raw.read(pieces), raw.read(intact));
        if (!isRight(seen, there)) wrong.push(`${name} at ${at}: ${seen} instead of ${there}`);
        // What counts as a session can be written, too.
        const { status } = seen.startsWith('{') ? await send('/set?more=1') : { status: 200 };
        if (status !== 200) wrong.push(`${name} at ${at}: ${status} when it is written`);
      }
      return wrong;
    }

    it.each(DAMAGES)(
      '%s is no session, or shows what is there to read, and never fails',
      async (_, damage) => {
        raw = await open();
        await begin(raw.definition);
        const intact = await raw.take(id);
        expect(outcome(await send('/read'))).toBe('{"n":1,"a":"b"}');
        // Damage to a time or to the id may end the session also where the rest can be read.
        const isRight = (seen: string, there: string) =>
          seen === there || (there.startsWith('{') && seen === 'unknown-token');
        for (const name of Object.keys(intact)) {
          expect(await wrongs(intact, name, damage, isRight)).toEqual([]);
        }
      },
    );

    it.each(DAMAGES)('and encrypted, its data %s, is no session, and corrupt', async (_, damage) => {
      raw = await open();
      await begin(raw.definition, { encryption: { keys: [randomBytes(32).toString('base64url')] } });
      const intact = await raw.take(id);
      const { data } = raw.read(intact);
      const [name, bytes] = Object.entries(intact).find(([, piece]) => piece.includes(data))!;
      const from = bytes.indexOf(data);
      // Where it broke what is around the data as well, there was nothing left to be found corrupt.
      const isRight = (seen: string, there: string) => !there.startsWith('{') && seen === there;
      expect(await wrongs(intact, name, damage, isRight, [from, from + data.length])).toEqual([]);
    });
  });

  it.each(DAMAGES)('whose copy in a cache is %s is read from the database', async (_, damage) => {
    const cache = memoryCache();
    await begin(cachedStore({ database: peeking(new MemoryStore(10)), cache }) as RawStore['definition']);
    const key = `nest-sessions:data:${id}`;
    const intact = Buffer.from((await cache.get(key)) as string);
    for (const at of places(intact, damage)) {
      await cache.set(key, damage(intact, at).toString('latin1'), 1_000);
      expect([at, outcome(await send('/read'))]).toEqual([at, '{"n":1,"a":"b"}']);
      expect(String(await cache.get(key))).toBe(intact.toString());
    }
  });
});

describeStores('A token with any letter changed', ({ make, openStore }) => {
  it('1.10 is no session, says so in an event, and harms the session of the right one in nothing', async () => {
    const ground = await playground({ adapter: make(), store: openStore() });
    const browser = await ground.visitor();
    const token = browser.cookie()!;
    for (let at = 0; at < token.length; at++) {
      const letter = token[at] === 'a' ? 'b' : 'a';
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      const visit = await ground.browser().post('/read', { headers: { cookie: `sessionid=${changed}` } });
      expect([at, visit.status, visit.text]).toEqual([at, 200, '{}']);
      expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      const id = changed.includes('.') ? { id: changed.slice(0, 32) } : {};
      expect(ground.events.splice(0)).toEqual([{ type: 'unknown-token', ...id, ip: '127.0.0.1' }]);
    }
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    await ground.close();
  });
});
