import { createHash } from 'node:crypto';
import { Controller, HttpCode, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import fc from 'fast-check';
import { CsrfModule } from 'nest-sessions/csrf';
import { judge } from '../../lib/csrf/csrf-decision.js';
import { isMacOf, issueToken, parseSecret, unmaskToken } from '../../lib/csrf/csrf-token.js';
import { adapters } from '../support/adapters.js';
import { holds } from './support/property.js';
import { OWNER, startTarget, type Target } from './support/target.js';
import { bytes, headerText, mutationOf, text, TRAPS } from './support/values.js';

const FRIEND = 'https://friend.example';
const OWN = 'http://127.0.0.1';
const secret = createHash('sha256').update('secret of a browser').digest();
const SECRET = secret.toString('base64url');
const GOOD = issueToken(secret, OWNER.id);
const STRANGER = 'f'.repeat(32);

/** How often a handler has done what somebody wanted. */
const done = { count: 0 };

@Controller()
class BankController {
  @Post('pay') @HttpCode(200) pay() {
    done.count++;
    return 'paid';
  }
}

const OWN_PAGES = ['same-origin', 'none'];
const site = fc.oneof(
  fc.constantFrom(
    undefined,
    undefined,
    ...OWN_PAGES,
    'same-site',
    'cross-site',
    'Same-Origin',
    'none, none',
    '',
  ),
  headerText({ maxLength: 12 }),
);
const origin = fc.oneof(
  fc.constantFrom(undefined, undefined, OWN, FRIEND, 'null', 'https://evil.example'),
  mutationOf(FRIEND),
  mutationOf(OWN),
  fc
    .constantFrom('https://', 'http://', '//', '')
    .chain((scheme) => headerText({ maxLength: 12 }).map((rest) => scheme + rest)),
);
/** What is in the header, whether it is worth something, and whether it is there at all. */
const token = fc.oneof(
  fc.constant({ text: GOOD, isGood: true }),
  fc
    .oneof(
      mutationOf(GOOD),
      fc.constantFrom(
        issueToken(secret),
        issueToken(secret, STRANGER),
        issueToken(Buffer.alloc(32), OWNER.id),
        SECRET,
      ),
      headerText({ maxLength: 90 }),
    )
    .map((other) => ({ text: other, isGood: false })),
  fc.constant(undefined),
);
const csrfCookie = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ text: `csrf=${SECRET}`, isGood: true }) },
  {
    weight: 1,
    arbitrary: fc
      .oneof(
        mutationOf(SECRET).filter((value) => !/[;\t ]/.test(value)),
        fc.constant(`${SECRET}; csrf=${SECRET}`),
      )
      .map((value) => ({ text: `csrf=${value}`, isGood: false })),
  },
  { weight: 1, arbitrary: fc.constant({ text: 'a=b', isGood: false }) },
);
const owners = fc.boolean();

describe.each(adapters)('A request that changes something on $adapter', ({ make }) => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget({
      adapter: make(),
      modules: [CsrfModule.forRoot({ trustedOrigins: [FRIEND] })],
      controllers: [BankController],
    });
  });
  afterAll(() => target.close());

  const request = fc.record({ site, origin, token, csrfCookie, isOwners: owners });

  holds('passes when it is from here, and only then', 0.08, request, async (asked) => {
    const cookies = [asked.csrfCookie.text, ...(asked.isOwners ? [`sessionid=${OWNER.token}`] : [])].join(
      '; ',
    );
    const headers = [
      ['Cookie', cookies],
      ...(asked.site === undefined ? [] : [['Sec-Fetch-Site', asked.site]]),
      ...(asked.origin === undefined ? [] : [['Origin', asked.origin]]),
      ...(asked.token ? [['X-Csrf-Token', asked.token.text]] : []),
    ] as [string, string][];
    const before = done.count;
    const answer = await target.attack('/pay', { headers });
    expect(done.count - before).toBe(mayPass(asked) ? 1 : 0);
    if (answer?.status !== 200) expect([400, 403]).toContain(answer?.status);
  });

  const body = fc.oneof(
    fc
      .oneof(text, fc.constant(GOOD))
      .chain((value) =>
        fc.constantFrom(
          `_csrf=${encodeURIComponent(wellFormed(value))}`,
          `_csrf[]=${GOOD}`,
          `_csrf[__proto__]=${GOOD}`,
          `_csrf=${GOOD}&_csrf=x`,
        ),
      ),
    bytes({ maxLength: 100 }),
  );
  const json = fc.oneof(
    fc.dictionary(
      fc.constantFrom('_csrf', '_method', ...TRAPS),
      fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant([GOOD])),
      {
        maxKeys: 3,
        noNullPrototype: true,
      },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const typed = fc.oneof(
    body.map((sent) => ({ type: 'application/x-www-form-urlencoded', sent })),
    json.map((sent) => ({ type: 'application/json', sent: JSON.stringify(sent) })),
    body.map((sent) => ({ type: 'multipart/form-data; boundary=x', sent })),
  );

  holds('may have any body', 0.05, typed, async ({ type, sent }) => {
    const headers = [
      ['Cookie', `csrf=${SECRET}; sessionid=${OWNER.token}`],
      ['Content-Type', type],
    ] as const;
    const before = done.count;
    const answer = await target.attack('/pay', { headers, body: sent });
    const isProven = sent === `_csrf=${GOOD}` || (type === 'application/json' && tokenOfJson(sent) === GOOD);
    if (!isProven) expect([done.count - before, answer?.status === 200]).toEqual([0, false]);
  });
});

/** The rules as the documentation has them. */
function mayPass({ site: from, origin: sender, token: proof, csrfCookie: cookie, isOwners }: Asked): boolean {
  const isFriend = isOrigin(sender, FRIEND);
  const isOwn = isOrigin(sender, OWN);
  if (from !== undefined) return OWN_PAGES.includes(trimmed(from)) || isFriend;
  if (sender !== undefined) return isFriend || isOwn;
  return !isOwners || (cookie.isGood && (proof?.isGood ?? false));
}

/** Whether it is this origin and nothing more, however that may be written. */
function isOrigin(sender: string | undefined, wanted: string): boolean {
  const written = trimmed(sender ?? '');
  return /^https?:\/\/[^\s/?#\\@,%[\]]+$/i.test(written) && originOf(written) === wanted;
}

function originOf(written: string): string | undefined {
  // Not by `URL.canParse`, which on Node.js 20 says yes to what cannot be parsed.
  try {
    return new URL(written).origin;
  } catch {
    return undefined;
  }
}

interface Asked {
  readonly site: string | undefined;
  readonly origin: string | undefined;
  readonly token: { readonly isGood: boolean } | undefined;
  readonly csrfCookie: { readonly isGood: boolean };
  readonly isOwners: boolean;
}

/** As HTTP reads the value of a header. */
function trimmed(value: string): string {
  return value.replaceAll(/^[ \t]+|[ \t]+$/g, '');
}

function wellFormed(value: string): string {
  return Buffer.from(value).toString();
}

function tokenOfJson(sent: string): unknown {
  return (JSON.parse(sent) as Record<string, unknown> | null)?.['_csrf'];
}

describe('The decision on a request', () => {
  const facts = fc.record({
    isUnsafe: fc.boolean(),
    site: fc.option(fc.oneof(text, fc.constantFrom(...OWN_PAGES, 'cross-site')), { nil: undefined }),
    origin: fc.option(fc.oneof(text, mutationOf(FRIEND), fc.constantFrom(FRIEND, OWN)), { nil: undefined }),
    ownOrigin: fc.constantFrom(OWN, undefined),
    hasSessionCookie: fc.boolean(),
  });

  holds(
    'lets nothing pass that another site has sent',
    0.05,
    fc.tuple(facts, fc.boolean()),
    ([request, requireToken]) => {
      const verdict = judge(request, { trustedOrigins: new Set([FRIEND]), requireToken });
      const isForeign = request.site !== undefined && !OWN_PAGES.includes(request.site);
      const isFriend = isOrigin(request.origin, FRIEND);
      if (request.isUnsafe && isForeign && !isFriend)
        expect(verdict).toMatchObject({ errorCode: 'CSRF_CROSS_SITE' });
      if (!request.isUnsafe) expect(verdict).toBe('pass');
      if (request.isUnsafe && requireToken) expect(verdict).not.toBe('pass');
    },
  );
});

describe('A CSRF token', () => {
  const any = fc.oneof(text, headerText(), mutationOf(GOOD), mutationOf(SECRET));

  holds('is one of ours, or none', 0.05, any, (value) => {
    const mac = unmaskToken(value);
    expect(mac !== undefined && isMacOf(mac, secret, OWNER.id)).toBe(false);
    const parsed = parseSecret(value);
    if (parsed) expect(parsed.toString('base64url')).toBe(value);
  });
});
