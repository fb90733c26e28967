import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CompactEncrypt, CompactSign, compactDecrypt, UnsecuredJWT } from 'jose';
import {
  cookieStore,
  memoryStore,
  type SessionModuleOptions,
  type SessionStoreDefinition,
} from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { memory } from '../support/memory.js';
import { idOf, playground, type Playground } from '../support/playground.js';

const newKey = () => randomBytes(32).toString('base64url');
const STRANGER = `${'0'.repeat(32)}.${'S'.repeat(43)}`;

describe.each(adapters)('A session in a cookie on $adapter', ({ make }) => {
  const key = newKey();
  const secret = createSecretKey(key, 'base64url');
  let ground: Playground;
  let token: string;
  /** What is sealed in the token, and what the token says of how. */
  let plain: Uint8Array;
  let header: { alg: string; enc: string; kid: string; typ: string };

  beforeEach(async () => {
    ground = await playground({
      adapter: make(),
      store: cookieStore({ keys: [key] }) as SessionStoreDefinition,
    });
    token = (await ground.visitor()).cookie()!;
    const opened = await compactDecrypt(token, secret);
    plain = opened.plaintext;
    header = opened.protectedHeader as typeof header;
  });
  afterEach(() => ground.close());

  const read = async (presented: string) => {
    ground.events.length = 0;
    const visit = await ground.browser().post('/read', { headers: { cookie: `sessionid=${presented}` } });
    return { visit, told: ground.events.map(({ type }) => type) };
  };

  const sealAs = (changed: object, with_ = secret, content = plain) =>
    new CompactEncrypt(content).setProtectedHeader({ ...header, ...changed } as never).encrypt(with_);
  const signAs = (changed: object) =>
    new CompactSign(plain).setProtectedHeader({ kid: header.kid, typ: header.typ, ...changed } as never);

  const others: { how: string; seal: () => Promise<string> | string }[] = [
    { how: 'encrypted with the key of another kind', seal: () => sealAs({ alg: 'A256KW' }) },
    { how: 'encrypted with GCM for the key', seal: () => sealAs({ alg: 'A256GCMKW' }) },
    {
      how: 'encrypted with a password',
      seal: () => sealAs({ alg: 'PBES2-HS256+A128KW' }, new TextEncoder().encode(key) as never),
    },
    {
      how: 'encrypted with a shorter key',
      seal: () => sealAs({ enc: 'A128GCM' }, createSecretKey(randomBytes(16))),
    },
    {
      how: 'encrypted in CBC mode, although with 32 bytes of the same key',
      seal: () => sealAs({ enc: 'A128CBC-HS256' }),
    },
    { how: 'signed with HS256', seal: () => signAs({ alg: 'HS256' }).sign(secret) },
    { how: 'not signed at all', seal: () => new UnsecuredJWT({ name: 'Ada' }).encode() },
    {
      how: 'not encrypted at all',
      seal: () => [{ ...header, alg: 'none' }, plain].map((part) => encoded(part)).join('.') + '.',
    },
    { how: 'the record itself', seal: () => Buffer.from(plain).toString('base64url') },
  ];

  it.each(others)('6.1 is none when it is $how', async ({ seal }) => {
    const { visit, told } = await read(await seal());
    expect([visit.status, visit.json(), told]).toEqual([200, {}, ['unknown-token']]);
  });

  it('6.1 is encrypted with AES-256-GCM, and says for what', () => {
    expect(header).toEqual({ alg: 'dir', enc: 'A256GCM', kid: expect.any(String), typ: 'nest-session' });
  });

  it.each(['HS384', 'HS512', 'none'])(
    '6.1 that is only signed is none when it is signed by %s',
    async (alg) => {
      await ground.close();
      const store = cookieStore({ keys: [key], mode: 'signed' }) as SessionStoreDefinition;
      ground = await playground({ adapter: make(), store });
      const [, body, signature] = (await ground.visitor()).cookie()!.split('.');
      const good = await signAs({ alg: 'HS256' }).sign(secret);
      expect((await read(good)).visit.json()).toEqual({ name: 'Ada' });
      const none = `${encoded({ kid: header.kid, typ: header.typ, alg })}.${body}`;
      const forged =
        alg === 'none' ? [`${none}.`, `${none}.${signature}`] : [await signAs({ alg }).sign(secret)];
      for (const text of forged) expect((await read(text)).told).toEqual(['unknown-token']);
    },
  );

  it('6.2 counts as long as it lives, for its purpose and in its application', async () => {
    expect((await read(await sealAs({}))).visit.json()).toEqual({ name: 'Ada' });
    for (const typ of [undefined, '', 'JWT', 'nest-session-handoff', 'NEST-SESSION']) {
      expect((await read(await sealAs({ typ }))).told).toEqual(['unknown-token']);
    }
    // Applications differ by their keys: what another one has sealed is nothing here.
    const foreign = createSecretKey(randomBytes(32));
    expect((await read(await sealAs({}, foreign))).told).toEqual(['unknown-token']);
    expect((await read(await sealAs({ kid: 'foreign' }, foreign))).told).toEqual(['unknown-token']);
    ground.clock.advance(14 * 24 * 3600);
    expect((await read(token)).told).toEqual(['unknown-token']);
  });
});

function encoded(part: object): string {
  return Buffer.from(part instanceof Uint8Array ? part : JSON.stringify(part)).toString('base64url');
}

describe.each(adapters)('Sessions under attack on $adapter', ({ make }) => {
  let ground: Playground;
  afterEach(() => ground.close());

  const start = async (session: Omit<SessionModuleOptions, 'store'> = {}, store = memoryStore()) => {
    ground = await playground({ adapter: make(), store: store as SessionStoreDefinition, session });
  };

  it('6.4 are unreadable at rest, and under a wrong key none, with an event and without a failure', async () => {
    const store = { useFactory: () => kept };
    const kept = memory();
    // What is kept outlives the application.
    kept.close = async () => undefined;
    await start({ encryption: { keys: [newKey()] } }, store);
    const browser = await ground.visitor({ name: 'Ada', card: '4111-1111' });
    const cookie = `sessionid=${browser.cookie()}`;
    expect((await ground.stored(idOf(browser)))!.data).not.toMatch(/Ada|4111|name|card/);
    await ground.close();
    await start({ encryption: { keys: [newKey()] } }, store);
    for (const path of ['/read', '/set?name=Eve']) {
      const visit = await ground.browser().post(path, { headers: { cookie } });
      expect([visit.status, visit.text === '{}' || visit.text === '']).toEqual([200, true]);
      expect(visit.setCookies).toEqual([expect.not.stringContaining(idOf(browser))]);
    }
    expect(ground.count('corrupt')).toBe(2);
  });

  it('6.8 are stored for nobody who only looks, however many come and whatever they present', async () => {
    await start();
    ground.on('look', async (session) => {
      session.flash('notice');
      session.get('n', 0);
      session.setExpiry('1h');
      session.delete('n');
      session.clear();
      await session.regenerate();
      await session.save();
      return [...session.keys()];
    });
    const cookies = ['', STRANGER, 'nonsense', 'x'.repeat(4000)];
    for (let round = 0; round < 25; round++) {
      const visits = cookies.flatMap((cookie) =>
        ['/look', '/read', '/flush', '/no/route'].map((path) =>
          ground.browser().post(path, { headers: { cookie: `sessionid=${cookie}` } }),
        ),
      );
      await Promise.all(visits);
    }
    expect(new Set(ground.watched.take())).toEqual(new Set(['load']));
    expect(ground.count('created')).toBe(0);
  });

  it('6.8 take no more data than there may be, of a visitor as of anybody', async () => {
    await start({ maxDataSize: 1000 });
    ground.on('grow', (session) => void session.set('big', 'x'.repeat(1000)));
    const visit = await ground.browser().post('/grow');
    expect([visit.status, visit.setCookies]).toEqual([500, []]);
    expect(ground.watched.take()).toEqual([]);
  });

  const SECRET = 'correct horse battery staple';
  const troubles: [string, (id: string) => unknown][] = [
    [
      'a failing store',
      () =>
        void (ground.watched.before = () => {
          throw new Error('away');
        }),
    ],
    ['a value that cannot be stored', () => ground.on('do', (session) => session.set('x', [SECRET, 1n]))],
    ['data that is too large', () => ground.on('do', (session) => void session.set('x', SECRET.repeat(1e5)))],
    [
      'an interrupted save()',
      (id) =>
        ground.on('do', async (session) => {
          await ground.real.destroy(id);
          session.set('x', SECRET);
          await session.save();
        }),
    ],
    [
      'a corrupt record',
      async (id) => {
        const record = (await ground.stored(id))!;
        await ground.real.commit(id, record.version, { ...record, data: `{"x":${SECRET}` });
      },
    ],
    [
      'an error of a handler',
      () => ground.on('do', (session) => Promise.reject(new Error(inspect(session)))),
    ],
  ];

  it.each(troubles)('6.9 show none of their data in log, event, error or answer to %s', async (_, cause) => {
    await start();
    const browser = await ground.visitor({ password: SECRET });
    ground.on('do', (session) => void session.set('n', 1));
    await cause(idOf(browser));
    const visit = await browser.post('/do');
    const heard = [visit.text, [...visit.headers], ground.log, ground.events];
    expect(inspect(heard, { depth: Infinity, showHidden: true })).not.toContain('horse');
    expect(ground.log.length + ground.events.length).toBeGreaterThan(0);
  });
});
