import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import fc from 'fast-check';
import { adapters } from '../support/adapters.js';
import { holds } from './support/property.js';
import { isExposed, OWNER, startTarget, tokenOf, type Target } from './support/target.js';
import { bytes, headerText, longText, mutationOf, wellFormedToken } from './support/values.js';

type Header = readonly [name: string, value: string];

const COOKIE = 'sessionid';
const HEADER = 'x-session-token';

/** Values of a cookie or a header: nonsense, what looks like a token, and the token of somebody else. */
const value = fc.oneof(
  { weight: 2, arbitrary: headerText() },
  { weight: 1, arbitrary: longText },
  { weight: 2, arbitrary: wellFormedToken },
  { weight: 2, arbitrary: mutationOf(OWNER.token) },
  { weight: 2, arbitrary: fc.constant(OWNER.token) },
  { weight: 1, arbitrary: headerText({ maxLength: 2 }).map((around) => around + OWNER.token + around) },
);
const cookieName = fc.oneof(
  { weight: 4, arbitrary: fc.constant(COOKIE) },
  { weight: 1, arbitrary: fc.constantFrom('Sessionid', 'sessionid2', '__Host-sessionid', '__proto__', '') },
  { weight: 1, arbitrary: headerText({ maxLength: 8 }) },
);
const blank = fc.constantFrom('', '', ' ', '\t', '\u00a0', '\u0085');
const pair = fc
  .tuple(blank, cookieName, blank, fc.constantFrom('=', '=', '=', '', '=='), blank, value, blank)
  .map((parts) => parts.join(''));
const cookies = fc.array(pair, { minLength: 1, maxLength: 4 }).map((pairs) => pairs.join(';'));
const cookieHeader = fc.tuple(fc.constantFrom('Cookie', 'cookie', 'COOKIE'), fc.oneof(cookies, value));
const tokenHeader = fc.tuple(fc.constantFrom(HEADER, 'X-Session-Token'), value);
const presented = fc.array(fc.oneof(cookieHeader, tokenHeader), { minLength: 1, maxLength: 3 });

/** The same, without any that is the token of the owner. */
const strange = presented.filter((headers) => !tokensIn(headers).includes(OWNER.token));

describe.each(adapters)('What a client presents on $adapter', ({ make }) => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget({ adapter: make(), session: { transport: ['cookie', 'header'] } });
  });
  afterAll(() => target.close());

  holds('opens the session of its token, and no other', 0.1, presented, async (headers) => {
    const answer = await target.attack('/read', { headers });
    // What Node.js does not take for a request, or takes for too long, never gets to the application.
    if (answer === undefined || answer.status === 400 || answer.status === 431) return;
    const tokens = tokensIn(headers);
    const isOwner = tokens.length === 1 && tokens[0] === OWNER.token;
    expect([answer.status, answer.body]).toEqual([200, isOwner ? OWNER.data : '{}']);
    expect(tokenOf(answer)).toBeUndefined();
  });

  holds('is not adopted where a session begins', 0.1, strange, async (headers) => {
    const answer = await target.attack('/write', { headers });
    if (answer === undefined || answer.status === 400 || answer.status === 431) return;
    const token = tokenOf(answer)!;
    const [id, secret] = token.split('.');
    const sent = headers.map(([, text]) => text).join('\n');
    expect([sent.includes(id!), sent.includes(secret!)]).toEqual([false, false]);
    expect(await target.store.load(id!)).toMatchObject({ data: '{"written":true}' });
    // The browser that got it has a session like any other, and nothing piles up.
    const own = [['cookie', `${COOKIE}=${token}`]] as const;
    expect((await target.attack('/flush', { headers: own }))?.status).toBe(200);
    expect(await target.store.load(id!)).toBeUndefined();
    target.clock.advance(3600 / 100_000);
  });

  holds(
    'may be any bytes',
    0.1,
    fc.tuple(fc.constantFrom('Cookie', HEADER), bytes({ maxLength: 300 })),
    async (header) => {
      const answer = await target.attack('/read', { headers: [header] });
      expect(isExposed(answer)).toBe(false);
    },
  );
});

/** The tokens in these headers, by the letter of RFC 6265 and RFC 9110: the same one in both ways counts once. */
function tokensIn(headers: readonly Header[]): string[] {
  const valuesOf = (wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, text]) => trimmed(text));
  const inCookies = valuesOf('cookie')
    .flatMap((text) => text.split(';'))
    .map((text) => text.split(/=(.*)/s))
    .filter(([name, rest]) => trimmed(name!) === COOKIE && rest !== undefined)
    .map(([, rest]) => trimmed(rest!));
  const inHeader = valuesOf(HEADER);
  const joined = inHeader.length > 0 ? [inHeader.join(', ')] : [];
  const tokens = [...inCookies, ...joined.filter((text) => text.trim() !== '').map((text) => text.trim())];
  return inCookies.length < 2 && joined.length < 2 ? [...new Set(tokens)] : tokens;
}

function trimmed(text: string): string {
  return text.replaceAll(/^[ \t]+|[ \t]+$/g, '');
}
