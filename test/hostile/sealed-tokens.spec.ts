import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { cookieStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { holds } from './support/property.js';
import { startTarget, tokenOf, type Target } from './support/target.js';
import { BASE64URL, headerText, mutationOf, TRAPS } from './support/values.js';

const key = randomBytes(32);
const keys = [key.toString('base64url')];

/** A token that the store of this file has given, and what it says of itself. */
const token = await aToken();
const { protectedHeader } = await compactDecrypt(token, key);

async function aToken(): Promise<string> {
  const target = await startTarget({
    adapter: adapters[0]!.make(),
    session: { store: cookieStore({ keys }) },
  });
  const answer = await target.attack('/write');
  await target.close();
  return tokenOf(answer!)!;
}

const encoded = (text: string | Uint8Array) => Buffer.from(text as string).toString('base64url');
/** What a header of JOSE may ask for: all that a library might do for it. */
const joseHeader = fc
  .record(
    {
      alg: fc.constantFrom(
        'dir',
        'none',
        'A256KW',
        'A256GCMKW',
        'PBES2-HS256+A128KW',
        'RSA-OAEP',
        'ECDH-ES',
        'HS256',
        1,
        null,
      ),
      enc: fc.constantFrom('A256GCM', 'A128CBC-HS256', 'none', '', null, {}),
      kid: fc.oneof(fc.constant(protectedHeader['kid']), fc.constantFrom(...TRAPS), fc.jsonValue()),
      typ: fc.constantFrom('nest-session', 'JWT', null, []),
      zip: fc.constantFrom('DEF', 'GZIP', 1),
      crit: fc.constantFrom(['exp'], ['b64'], [], 'exp', null),
      b64: fc.boolean(),
      p2c: fc.constantFrom(2 ** 31, -1, 'x'),
      p2s: fc.string(),
      epk: fc.jsonValue(),
      jku: fc.constant('http://127.0.0.1:9/keys'),
      jwk: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((header) => encoded(JSON.stringify(header)));
const part = fc.oneof(
  joseHeader,
  fc.constantFrom(...token.split('.')),
  fc.uint8Array({ maxLength: 64 }).map(encoded),
  fc.json({ maxDepth: 3 }).map(encoded),
  headerText({ maxLength: 20 }).map((text) => text.replaceAll(/[;,\s]/g, '')),
);
const forged = fc.oneof(
  mutationOf(token).filter((text) => !text.includes(token)),
  fc.tuple(joseHeader, fc.constant(token.split('.').slice(1).join('.'))).map((parts) => parts.join('.')),
  fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.')),
);
/** What the application itself has sealed, under a key that is right, and that is no session for all that. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
  fc
    .tuple(fc.array(fc.jsonValue(), { maxLength: 11 }), fc.oneof(fc.json({ maxDepth: 3 }), fc.string()))
    .map(([head, data]) => Buffer.from(`${JSON.stringify(head)}\n${data}`)),
);

describe.each(adapters)('A session in a cookie on $adapter', ({ make }) => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget({ adapter: make(), session: { store: cookieStore({ keys }) } });
  });
  afterAll(() => target.close());

  const read = (text: string) => target.attack('/read', { headers: [['Cookie', `sessionid=${text}`]] });

  it('has one spelling', async () => {
    const parts = token.split('.');
    for (const [index, own] of parts.entries()) {
      const others = BASE64URL.filter((letter) => letter !== own.at(-1));
      const spellings = others.map((letter) => parts.with(index, own.slice(0, -1) + letter).join('.'));
      for (const spelling of spellings) expect((await read(spelling))!.body).toBe('{}');
    }
    expect((await read(token))!.body).toBe('{"written":true}');
  });

  holds('is none when it is not sealed by us', 0.05, forged, async (text) => {
    const answer = await read(text);
    if (answer?.status === 200) expect(answer.body).toBe('{}');
  });

  holds('fails nobody when something else is sealed in it', 0.02, payload, async (bytes) => {
    const sealed = await new CompactEncrypt(bytes)
      .setProtectedHeader(protectedHeader as { alg: string; enc: string })
      .encrypt(key);
    await read(sealed);
  });
});
