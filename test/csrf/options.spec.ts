import { Controller, Injectable, Module, Post, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, SessionModule } from 'nest-sessions';
import {
  CsrfModule,
  CsrfOptionsError,
  type CsrfModuleOptions,
  type CsrfOptionsFactory,
} from 'nest-sessions/csrf';
import { resolveCsrfOptions } from '../../lib/csrf/resolve-csrf-options.js';
import { adapters } from '../support/adapters.js';
import { ask } from './csrf.app.js';

type Import = DynamicModule | Promise<DynamicModule> | Type;
const sessions = (isGlobal = true) => SessionModule.forRoot({ store: memoryStore(), isGlobal });

/** What booting with these modules throws. */
async function boot(...imports: Import[]): Promise<unknown> {
  try {
    @Module({ imports })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await app.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function problemsOf(options: unknown): Promise<readonly string[]> {
  const error = await boot(sessions(), CsrfModule.forRoot(options as CsrfModuleOptions));
  expect(error).toBeInstanceOf(CsrfOptionsError);
  const { problems, message } = error as CsrfOptionsError;
  problems.forEach((problem) => expect(message).toContain(`  - ${problem}`));
  return problems;
}

const secure = { secure: true };

describe('Wrong options of CsrfModule', () => {
  it.each([
    { path: 'trustedOrigin', options: { trustedOrigin: [] } },
    { path: 'trustedOrigins', options: { trustedOrigins: 'https://a.example' } },
    { path: 'requireToken', options: { requireToken: 'yes' } },
    { path: 'reportOnly', options: { reportOnly: 1 } },
    { path: 'field', options: { field: '' } },
    { path: 'field', options: { field: 'csrf[token]' } },
    { path: 'header', options: { header: 'x csrf' } },
    { path: 'cookie', options: { cookie: 'csrf' } },
    { path: 'cookie.name', options: { cookie: { name: 'my csrf' } } },
    { path: 'cookie.secure', options: { cookie: { secure: 'yes' } } },
    { path: 'cookie.httpOnly', options: { cookie: { httpOnly: false } } },
    { path: 'cookie.maxAge', options: { cookie: { maxAge: 60 } } },
    { path: 'cookie.sameSite', options: { cookie: { sameSite: 'none' } } },
    { path: 'cookie.name', options: { cookie: { name: '__Host-csrf' } } },
    { path: 'cookie.path', options: { cookie: { ...secure, name: '__Host-csrf', path: '/a' } } },
    { path: 'cookie.domain', options: { cookie: { ...secure, name: '__host-csrf', domain: 'a.example' } } },
    { path: 'cookie.partitioned', options: { cookie: { partitioned: true } } },
    { path: 'cookie.priority', options: { cookie: { priority: 'highest' } } },
  ])('fail at boot: $options', async ({ path, options }) => {
    expect(await problemsOf(options)).toEqual([expect.stringMatching(new RegExp(`^${path}: \\S`))]);
  });

  it('are all told at once', async () => {
    const problems = await problemsOf({
      trustedOrigins: ['a.example', 'https://b.example', 'null'],
      reportOnly: 1,
      cookie: { secure: 2 },
    });
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).toEqual([
      'cookie.secure',
      'reportOnly',
      'trustedOrigins[0]',
      'trustedOrigins[2]',
    ]);
  });
});

describe('5.4 An entry of trustedOrigins', () => {
  it.each([
    'https://shop.example.com',
    'https://shop.example.com:8443',
    'http://localhost:5173',
    'http://127.0.0.1:3000',
    'https://[::1]:8443',
    'capacitor://localhost',
    'https://xn--bcher-kva.example',
  ])('may be %s', async (entry) => {
    expect(await boot(sessions(), CsrfModule.forRoot({ trustedOrigins: [entry] }))).toBeUndefined();
  });

  it.each([
    { entry: 'shop.example.com', guess: 'https://shop.example.com' },
    { entry: '//shop.example.com', guess: 'https://shop.example.com' },
    { entry: 'https://shop.example.com/', guess: 'https://shop.example.com' },
    { entry: 'https://shop.example.com/cart?a#b', guess: 'https://shop.example.com' },
    { entry: 'https://Shop.Example.com', guess: 'https://shop.example.com' },
    { entry: 'HTTPS://shop.example.com', guess: 'https://shop.example.com' },
    { entry: 'https://shop.example.com:443', guess: 'https://shop.example.com' },
    { entry: 'http://shop.example.com:80', guess: 'http://shop.example.com' },
    { entry: 'https://ada:secret@shop.example.com', guess: 'https://shop.example.com' },
    { entry: ' https://shop.example.com', guess: 'https://shop.example.com' },
    { entry: 'https://bücher.example', guess: 'https://xn--bcher-kva.example' },
    { entry: 'localhost:5173', guess: 'https://localhost:5173' },
    { entry: 'https://*.example.com', guess: undefined },
    { entry: '*', guess: undefined },
    { entry: 'null', guess: undefined },
    { entry: '', guess: undefined },
    { entry: 'https://', guess: undefined },
    { entry: 'https://a b', guess: undefined },
    { entry: 5, guess: undefined },
    { entry: null, guess: undefined },
    { entry: /shop/, guess: undefined },
  ])('fails at boot: $entry', async ({ entry, guess }) => {
    const [problem, ...others] = await problemsOf({ trustedOrigins: [entry] });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^trustedOrigins\[0\]: expected an origin as browsers send it, .*, got /);
    expect(/did you mean "(.*)"\?/.exec(problem!)?.[1]).toBe(guess);
    expect(problem).not.toContain('secret');
  });
});

describe('The cookie of CsrfModule', () => {
  it.each([
    { environment: 'development', cookie: {}, name: 'csrf', isSecure: false },
    { environment: 'production', cookie: {}, name: '__Host-csrf', isSecure: true },
    { environment: 'production', cookie: { path: '/a' }, name: '__Secure-csrf', isSecure: true },
    { environment: 'production', cookie: { domain: 'a.example' }, name: '__Secure-csrf', isSecure: true },
    { environment: 'production', cookie: { secure: false }, name: 'csrf', isSecure: false },
    { environment: 'production', cookie: { secure: 'auto' as const }, name: 'csrf', isSecure: 'auto' },
    { environment: 'development', cookie: secure, name: '__Host-csrf', isSecure: true },
    { environment: 'development', cookie: { name: 'mine' }, name: 'mine', isSecure: false },
  ])('is $name with $cookie in $environment', ({ environment, cookie, name, isSecure }) => {
    const resolved = resolveCsrfOptions({ cookie }, environment).cookie;
    expect(resolved).toMatchObject({ name, secure: isSecure, httpOnly: true, sameSite: 'lax' });
  });
});

describe('CsrfModule', () => {
  it('does not start without SessionModule', async () => {
    const error = await boot(CsrfModule.forRoot());
    expect(error).toBeInstanceOf(CsrfOptionsError);
    expect((error as Error).message).toContain('import SessionModule.forRoot() as well');
  });

  it('starts beside a SessionModule that is not global', async () => {
    expect(await boot(CsrfModule.forRoot(), sessions(false))).toBeUndefined();
  });

  it('does not start when it is imported twice', async () => {
    const error = await boot(sessions(), CsrfModule.forRoot(), CsrfModule.forRoot());
    expect((error as Error).message).toContain('imported more than once');
  });

  it('says so when it is given no options factory', () => {
    expect(() => CsrfModule.forRootAsync({})).toThrow(CsrfOptionsError);
  });

  it('fails by name when the factory forgets to return options', async () => {
    const error = await boot(sessions(), CsrfModule.forRootAsync({ useFactory: (() => undefined) as never }));
    expect((error as Error).message).toContain('return {} for the defaults');
  });

  it('fails when the factory gives wrong options', async () => {
    const error = await boot(
      sessions(),
      CsrfModule.forRootAsync({ useFactory: async () => ({ field: '' }) }),
    );
    expect(error).toBeInstanceOf(CsrfOptionsError);
  });
});

@Injectable()
class Origins implements CsrfOptionsFactory {
  createCsrfOptions() {
    return { trustedOrigins: ['https://shop.example.com'] };
  }
}

@Controller()
class ActController {
  @Post('act') act() {
    return 'done';
  }
}

@Module({ providers: [Origins], exports: [Origins] })
class OriginsModule {}

describe.each(adapters)('The options on $adapter', ({ make }) => {
  let close: () => Promise<void>;
  afterEach(() => close());

  it.each([
    {
      how: 'useFactory',
      options: { useFactory: (made: Origins) => made.createCsrfOptions(), inject: [Origins] },
    },
    { how: 'useExisting', options: { useExisting: Origins } },
    { how: 'useClass', options: { useClass: Origins } },
  ])('come from $how', async ({ options }) => {
    @Module({
      imports: [sessions(), CsrfModule.forRootAsync({ imports: [OriginsModule], ...options })],
      controllers: [ActController],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, make(), { logger: false, abortOnError: false });
    close = () => app.close();
    await app.listen(0, '127.0.0.1');
    const origin = `http://127.0.0.1:${app.getHttpServer().address().port}`;
    const status = async (from: string) => (await ask(origin, '/act', { headers: { origin: from } })).status;
    expect([await status('https://shop.example.com'), await status('https://evil.example')]).toEqual([
      201, 403,
    ]);
  });
});
