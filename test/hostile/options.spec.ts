import type { AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  memoryStore,
  Session,
  SessionModule,
  SessionOptionsError,
  type SessionModuleOptions,
  type SessionOptionsFactory,
} from 'nest-sessions';
import { CsrfModule, CsrfOptionsError, CsrfToken, type CsrfModuleOptions } from 'nest-sessions/csrf';
import { resolveCsrfOptions } from '../../lib/csrf/resolve-csrf-options.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { adapters } from '../support/adapters.js';
import { holds } from './support/property.js';
import { RawClient } from './support/raw-client.js';
import { text, TRAPS } from './support/values.js';

/** What no option is, and what a carelessly written check stumbles over. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -0,
    -1,
    1,
    NaN,
    Infinity,
    10n,
    Symbol('option'),
    () => undefined,
    class Option {},
    new Date(NaN),
    new Map(),
    Object.create(null),
    Promise.resolve(),
    new Proxy({}, {}),
    cyclic(),
    JSON.parse('{"__proto__": {"polluted": true}}'),
    { constructor: Object },
    { toString: null },
    { toJSON: null },
    {
      toJSON: () => {
        throw new Error('toJSON');
      },
    },
    [[[]]],
    Array(3),
  ),
  text,
  fc.anything({ maxDepth: 2 }),
);

function cyclic(): object {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}

const either = (...right: unknown[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: junk });

/** A few of the options, so that one that is wrong is not always hidden behind another; rarely with some that there are not. */
function some(options: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const few = fc
    .subarray(Object.keys(options), { maxLength: 3 })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, options[name]!]))));
  // What has a `then` is a promise to everybody.
  const name = fc.oneof(text, fc.constantFrom(...TRAPS)).filter((other) => other !== 'then');
  const strays = fc.dictionary(name, junk, { maxKeys: 2 });
  return fc.oneof(
    { weight: 4, arbitrary: few },
    { weight: 1, arbitrary: fc.tuple(few, strays).map(([known, unknown]) => ({ ...known, ...unknown })) },
  );
}

const someObject = junk.filter(
  (value) => typeof value === 'object' && value !== null,
) as fc.Arbitrary<object>;

const DURATIONS = [60, 0, '30m', '14d', '1s', '0.5s', '10 years', 1e12, '1'];
const cookieOptions: Record<string, fc.Arbitrary<unknown>> = {
  name: either(
    'sid',
    '__Host-sid',
    '__secure-x',
    '__HOST-HTTP-x',
    'a b',
    "!#$%&'*+-.^_`|~",
    'x'.repeat(1025),
  ),
  secure: either(true, false, 'auto'),
  httpOnly: either(true, false),
  sameSite: either('lax', 'strict', 'none'),
  path: either('/', '/app', '/a b', '/a;b', '/é', '/"', `/${'x'.repeat(1024)}`),
  domain: either(
    'example.com',
    '.example.com',
    'co.uk',
    'localhost',
    '127.0.0.1',
    'EXAMPLE.com',
    'a_b.example',
    'xn--bcher-kva.example',
    '..a.b',
  ),
  partitioned: either(true, false),
  priority: either('low', 'high'),
};
const cookie = fc.oneof({ weight: 5, arbitrary: some(cookieOptions) }, { weight: 1, arbitrary: junk });

const sessionOptions = some({
  cookie,
  idleTimeout: either(...DURATIONS),
  absoluteTimeout: either(false, ...DURATIONS),
  touchInterval: either(false, ...DURATIONS),
  expireAtBrowserClose: either(true, false),
  renewEvery: either(false, ...DURATIONS),
  renewGrace: either(...DURATIONS),
  transport: either('cookie', 'header', ['cookie', 'header'], ['cookie', 'cookie'], []),
  header: either('X-Token', 'Authorization', 'x y', 'constructor'),
  encryption: either(undefined, { keys: ['A'.repeat(43)] }, { keys: [] }, { keys: 'A'.repeat(43) }),
  serializer: either(undefined, { serialize: JSON.stringify, deserialize: JSON.parse }, JSON),
  data: either(undefined, class Unruled {}, { '~standard': {} }),
  cleanup: either(false, { every: '1h' }, { batchSize: 10 }, { every: '30d' }),
  maxSessionsPerUser: either({ limit: 3, exceeded: 'refuse' }, { limit: 0, exceeded: 'refuse' }, {}),
  requestSession: either(true, false),
  sockets: either(
    { trustedOrigins: ['https://a.example'] },
    { trustedOrigins: ['*'] },
    { revalidateEvery: 1 },
  ),
  audience: either('shop', 'a'.repeat(256)),
  maxDataSize: either(1_000, 0.5),
  isGlobal: either(true, false),
  now: either(Date.now),
});

const csrfOptions = some({
  trustedOrigins: either(
    [],
    ['https://a.example'],
    ['https://a.example/'],
    ['http://[::1]:3000'],
    [null],
    'https://a.example',
  ),
  requireToken: either(true, false),
  field: either('_csrf', 'a.b', '__proto__', 'constructor'),
  header: either('x-csrf-token', 'x y', 'X-É', 'constructor'),
  cookie,
  reportOnly: either(true, false),
});

/** `option: what is wrong`. An option that there is not may have any name. */
const PROBLEM = /^.*: ./s;

describe('Options', () => {
  it.each(TRAPS.filter((name) => name in {}))(
    'are not taken for right because they are called %s',
    (name) => {
      const options = JSON.parse(`{"${name}": {}, "idleTimeout": -1, "requireToken": 1}`) as object;
      for (const resolve of [resolveOptions, resolveCsrfOptions]) {
        expect(() => resolve(options)).toThrow(`"${name}": there is no such option`);
      }
      expect(() => resolveOptions({ cookie: options } as object)).toThrow(`cookie."${name}": there is no`);
    },
  );

  holds(
    'of SessionModule are right, or are refused by their paths',
    0.06,
    fc.oneof(sessionOptions, someObject),
    (options) => {
      expectRefusalOr(SessionOptionsError, () =>
        resolveOptions(options as SessionModuleOptions, 'production'),
      );
    },
  );

  holds(
    'of CsrfModule are right, or are refused by their paths',
    0.06,
    fc.oneof(csrfOptions, someObject),
    (options) => {
      expectRefusalOr(CsrfOptionsError, () => resolveCsrfOptions(options as CsrfModuleOptions, 'production'));
    },
  );
});

function expectRefusalOr(Refusal: new (problems: string[]) => Error, resolve: () => unknown): void {
  try {
    resolve();
  } catch (error) {
    expectRefusal(error, Refusal);
  }
}

function expectRefusal(error: unknown, Refusal: new (problems: string[]) => Error): void {
  if (!(error instanceof Refusal)) throw error;
  const { problems } = error as unknown as { problems: readonly string[] };
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.filter((problem) => !PROBLEM.test(problem))).toEqual([]);
}

const PAGE_DATA = '{"visited":true}';

@Controller()
class PageController {
  @Get() page(@Session() session: Session<any>, @CsrfToken() token: string) {
    session.data.visited = true;
    return token;
  }
}

describe.each(adapters)('An application on $adapter', ({ make }) => {
  const options = fc.tuple(fc.boolean(), sessionOptions, csrfOptions);

  holds('works with the options that it starts with', 0.02, options, async ([isAsync, session, csrf]) => {
    const app = await start(isAsync, session as SessionModuleOptions, csrf as CsrfModuleOptions).catch(
      (error: unknown) => {
        expectRefusal(error, error instanceof CsrfOptionsError ? CsrfOptionsError : SessionOptionsError);
      },
    );
    if (!app) return;
    const client = new RawClient((app.getHttpServer().address() as AddressInfo).port);
    try {
      const answer = (await client.send({}))!;
      // A limit that the page's own data does not fit into is the application's own failure.
      const fits = ((session as SessionModuleOptions).maxDataSize ?? Infinity) >= PAGE_DATA.length;
      expect([answer.status, answer.body]).toEqual([fits ? 200 : 500, expect.any(String)]);
      for (const line of answer.headers('set-cookie')) {
        expect(line).toMatch(
          /^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x21-\x7e]*(; [A-Za-z-]+(=[\x20-\x3a\x3c-\x7e]*)?)*$/,
        );
      }
    } finally {
      client.close();
      await app.close();
    }
  });

  async function start(isAsync: boolean, session: SessionModuleOptions, csrf: CsrfModuleOptions) {
    const store = memoryStore();
    class OptionsFactory implements SessionOptionsFactory {
      createSessionOptions = () => session;
    }
    @Module({
      imports: [
        isAsync
          ? SessionModule.forRootAsync({ store, useClass: OptionsFactory })
          : SessionModule.forRoot({ ...session, store }),
        CsrfModule.forRoot(csrf),
      ],
      controllers: [PageController],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, make(), { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return app;
  }
});
