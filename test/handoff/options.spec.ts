import { Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import session from 'express-session';
import { cookieStore, memoryStore, SessionModule, type SessionModuleOptions } from 'nest-sessions';
import { expressSessionStore } from 'nest-sessions/express-session';
import {
  HandoffModule,
  HandoffOptionsError,
  type HandoffConsumerOptions,
  type HandoffIssuerOptions,
  type HandoffOptionsFactory,
} from 'nest-sessions/handoff';
import { newKey } from '../support/handoff-world.js';

type Import = DynamicModule | Promise<DynamicModule> | Type;

const sessions = (options: SessionModuleOptions = {}) =>
  SessionModule.forRoot({ store: memoryStore(), audience: 'shop', ...options });
const callback = 'https://shop.example/session/callback';
const issuer: HandoffIssuerOptions = {
  issuer: 'https://accounts.example',
  audiences: { shop: { callback } },
};
const consumer: HandoffConsumerOptions = {
  issuer: 'https://accounts.example',
  audience: 'shop',
  key: newKey(),
  redeem: 'http',
};

const { NODE_ENV } = process.env;
afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
});

/** What booting with these modules throws, and what is logged meanwhile. */
async function boot(imports: Import[], warnings: string[] = []): Promise<unknown> {
  const ignore = () => undefined;
  const logger = { log: ignore, warn: (text: string) => void warnings.push(text), error: ignore };
  try {
    @Module({ imports })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
    await app.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function problemsOf(...imports: Import[]): Promise<readonly string[]> {
  const error = await boot(imports);
  expect(error).toBeInstanceOf(HandoffOptionsError);
  const { problems, message } = error as HandoffOptionsError;
  problems.forEach((problem) => expect(message).toContain(`  - ${problem}`));
  return problems;
}

const issuerProblems = (options: object) =>
  problemsOf(sessions(), HandoffModule.forIssuer({ ...issuer, ...options }));
const consumerProblems = (options: object) =>
  problemsOf(sessions(), HandoffModule.forConsumer({ ...consumer, ...options }));
const shop = (options: object) => ({ audiences: { shop: { callback, ...options } } });
const pathsOf = (problems: readonly string[]) => problems.map((problem) => problem.split(':')[0]).toSorted();

describe('Wrong options of an issuer', () => {
  it.each([
    { path: 'issuer', options: { issuer: undefined } },
    { path: 'issuer', options: { issuer: 'accounts.example' } },
    { path: 'issuer', options: { issuer: 'https://accounts.example/' } },
    { path: 'issuer', options: { issuer: 'https://Accounts.example' } },
    { path: 'issuer', options: { issuer: 'https://accounts.example?a=b' } },
    { path: 'issuer', options: { issuer: 'https://ann:secret@accounts.example' } },
    { path: 'issuer', options: { issuer: 'ftp://accounts.example' } },
    { path: 'audiences', options: { audiences: undefined } },
    { path: 'audiences', options: { audiences: {} } },
    { path: 'audiences', options: { audiences: [{ callback }] } },
    { path: 'audiences.the shop', options: { audiences: { 'the shop': { callback } } } },
    { path: 'audiences.shop', options: { audiences: { shop: callback } } },
    { path: 'audiences.shop.callback', options: { audiences: { shop: {} } } },
    { path: 'audiences.shop.callback', options: shop({ callback: '/session/callback' }) },
    { path: 'audiences.shop.callback', options: shop({ callback: 'https://*.shop.example/callback' }) },
    { path: 'audiences.shop.callback', options: shop({ callback: 'https://shop.example/callback#top' }) },
    { path: 'audiences.shop.callback', options: shop({ callback: 'https://shop.example:443/callback' }) },
    { path: 'audiences.shop.callback', options: shop({ callback: 'https://shop.example/a/../callback' }) },
    { path: 'audiences.shop.callback', options: shop({ callback: 'javascript:alert(1)' }) },
    { path: 'audiences.shop.key', options: shop({ key: 'short' }) },
    { path: 'audiences.shop.confirm', options: shop({ confirm: 'yes' }) },
    { path: 'audiences.shop.logoutUrl', options: shop({ logoutUrl: 'https://shop.example/ended' }) },
    { path: 'audiences.shop.logoutUrl', options: shop({ logoutUrl: 'ended', key: newKey() }) },
    { path: 'audiences.shop.callbacks', options: shop({ callbacks: [] }) },
    { path: 'loginPath', options: { loginPath: 'https://accounts.example/login' } },
    { path: 'loginPath', options: { loginPath: '//evil.example' } },
    { path: 'ttl', options: { ttl: 3600 } },
  ])('fail at boot: $path of $options', async ({ path, options }) => {
    expect(pathsOf(await issuerProblems(options))).toEqual([path]);
  });

  it('are two applications with one key, since each could speak as the other', async () => {
    const key = newKey();
    const [one, two, three] = ['one', 'two', 'three'].map((name) => `https://${name}.example/callback`);
    const audiences = {
      one: { callback: one, key },
      two: { callback: two, key },
      three: { callback: three, key: newKey() },
    };
    expect(await issuerProblems({ audiences })).toEqual([
      expect.stringMatching(/^audiences\.two\.key: .*"one"/),
    ]);
  });

  it('are all told at once, and in production those that are not encrypted as well', async () => {
    process.env.NODE_ENV = 'production';
    const audiences = {
      shop: { callback: 'http://shop.example/callback', key: 'short' },
      garden: {
        callback: 'https://garden.example/callback',
        key: newKey(),
        logoutUrl: 'http://10.0.0.1/ended',
      },
      fair: { callback: 'fair' },
    };
    const problems = await issuerProblems({
      issuer: 'http://accounts.example',
      audiences,
      loginPath: 'login',
      x: 1,
    });
    expect(pathsOf(problems)).toEqual([
      'audiences.fair.callback',
      'audiences.garden.logoutUrl',
      'audiences.shop.callback',
      'audiences.shop.key',
      'issuer',
      'loginPath',
      'x',
    ]);
    expect(problems.find((problem) => problem.startsWith('issuer'))).toContain('https in production');
  });
});

describe('Wrong options of a consumer', () => {
  it.each([
    { path: 'issuer', options: { issuer: undefined } },
    { path: 'issuer', options: { issuer: 'https://accounts.example/' } },
    { path: 'audience', options: { audience: undefined } },
    { path: 'audience', options: { audience: 'the shop' } },
    { path: 'key', options: { key: undefined } },
    { path: 'key', options: { key: 'x'.repeat(42) } },
    { path: 'key', options: { key: Buffer.alloc(32) } },
    { path: 'redeem', options: { redeem: undefined } },
    { path: 'redeem', options: { redeem: 'sql' } },
    { path: 'callbackPath', options: { callbackPath: 'session/callback' } },
    { path: 'callbackPath', options: { callbackPath: '/' } },
    { path: 'callbackPath', options: { callbackPath: '/callback?a=b' } },
    { path: 'callbackPath', options: { callbackPath: '/callback/' } },
    { path: 'callbackPath', options: { callbackPath: '/:tenant/callback' } },
    { path: 'callbackPath', options: { callbackPath: '/*path' } },
    { path: 'callbackPath', options: { callbackPath: '/session/start' } },
    { path: 'callbackPath', options: { callbackPath: '/session/ended' } },
    { path: 'backChannel', options: { backChannel: 'accounts:3000' } },
    { path: 'user', options: { user: 'ann' } },
    { path: 'keep', options: { keep: 'basket' } },
    { path: 'keep', options: { keep: ['$methods'] } },
    { path: 'recheckEvery', options: { recheckEvery: 0 } },
    { path: 'recheckEvery', options: { recheckEvery: '61m' } },
    { path: 'recheckEvery', options: { recheckEvery: '5m', redeem: 'store' } },
    { path: 'ticketLife', options: { ticketLife: '1h' } },
  ])('fail at boot: $path of $options', async ({ path, options }) => {
    expect(pathsOf(await consumerProblems(options))).toEqual([path]);
  });

  it('are all told at once, and in production an issuer that is not encrypted as well', async () => {
    process.env.NODE_ENV = 'production';
    const problems = await consumerProblems({ issuer: 'http://a.example', key: 1, redeem: 'x', y: 1 });
    expect(pathsOf(problems)).toEqual(['issuer', 'key', 'redeem', 'y']);
  });

  it('never show the key', async () => {
    const key = 'a secret of mine';
    expect((await consumerProblems({ key })).join()).not.toContain(key);
    expect((await issuerProblems(shop({ key }))).join()).not.toContain(key);
  });

  it('are right ones in production, also with an inner address for what servers say to each other', async () => {
    process.env.NODE_ENV = 'production';
    const options = { ...consumer, backChannel: 'http://accounts.internal:3000', recheckEvery: '1h' };
    expect(await boot([sessions(), HandoffModule.forConsumer(options)])).toBeUndefined();
    const named = {
      ...consumer,
      callbackPath: '/auth/sso.callback',
      keep: ['basket'],
      redeem: 'store' as const,
    };
    expect(await boot([sessions(), HandoffModule.forConsumer(named)])).toBeUndefined();
    expect(await boot([sessions(), HandoffModule.forIssuer(issuer)])).toBeUndefined();
  });
});

@Injectable()
class IssuerFactory implements HandoffOptionsFactory<HandoffIssuerOptions> {
  createHandoffOptions = () => ({ ...issuer, loginPath: 'wrong' });
}
@Injectable()
class ConsumerFactory implements HandoffOptionsFactory<HandoffConsumerOptions> {
  createHandoffOptions = async () => ({ ...consumer, audience: 'the shop' });
}
@Module({ providers: [IssuerFactory, ConsumerFactory], exports: [IssuerFactory, ConsumerFactory] })
class FactoriesModule {}

describe('Options from a factory', () => {
  const imports = [FactoriesModule];

  it.each([
    { form: { useFactory: async () => ({ ...issuer, loginPath: 'wrong' }) } },
    {
      form: { imports, inject: [IssuerFactory], useFactory: (f: IssuerFactory) => f.createHandoffOptions() },
    },
    { form: { useClass: IssuerFactory } },
    { form: { imports, useExisting: IssuerFactory } },
  ])('are those of an issuer, checked like others: $form', async ({ form }) => {
    const problems = await problemsOf(sessions(), HandoffModule.forIssuerAsync(form));
    expect(pathsOf(problems)).toEqual(['loginPath']);
  });

  it.each([
    { form: { useFactory: () => ({ ...consumer, audience: 'the shop' }) } },
    { form: { useClass: ConsumerFactory } },
    { form: { imports, useExisting: ConsumerFactory } },
  ])('are those of a consumer, checked like others: $form', async ({ form }) => {
    const problems = await problemsOf(sessions(), HandoffModule.forConsumerAsync(form));
    expect(pathsOf(problems)).toEqual(['audience']);
  });

  it('are right ones too', async () => {
    expect(
      await boot([sessions(), HandoffModule.forIssuerAsync({ useFactory: () => issuer })]),
    ).toBeUndefined();
    expect(
      await boot([sessions(), HandoffModule.forConsumerAsync({ useFactory: async () => consumer })]),
    ).toBeUndefined();
  });

  it('fail by the name of the method when there is no factory, or it gives nothing', async () => {
    expect(() => HandoffModule.forIssuerAsync({})).toThrow(/forIssuerAsync: expected one of useFactory/);
    expect(() => HandoffModule.forConsumerAsync({})).toThrow(/forConsumerAsync: expected one of useFactory/);
    const nothing = { useFactory: () => undefined as never };
    expect(await problemsOf(sessions(), HandoffModule.forIssuerAsync(nothing))).toEqual([
      expect.stringMatching(/^forIssuerAsync: the factory gave no options/),
    ]);
  });
});

describe('HandoffModule at boot', () => {
  it('is there once', async () => {
    expect(
      await problemsOf(sessions(), HandoffModule.forIssuer(issuer), HandoffModule.forConsumer(consumer)),
    ).toEqual([expect.stringMatching(/^HandoffModule is imported more than once/)]);
  });

  it.each([
    { how: 'is not there', imports: [] },
    { how: 'is not global', imports: [sessions({ isGlobal: false })] },
  ])('says so where SessionModule $how', async ({ imports }) => {
    expect(await problemsOf(...imports, HandoffModule.forIssuer(issuer))).toEqual([
      expect.stringMatching(/^SessionModule is missing/),
    ]);
  });

  it('refuses cookieStore(), which cannot keep what is good for one use', async () => {
    const store = cookieStore({ keys: [newKey()], mode: 'encrypted' });
    expect(await problemsOf(sessions({ store }), HandoffModule.forConsumer(consumer))).toEqual([
      expect.stringMatching(/^the store "[^"]+" cannot keep what is good for one use only/),
    ]);
  });

  it.each([
    { transport: 'cookie', warnings: [expect.stringContaining('sameSite "strict"')] },
    { transport: 'header', warnings: [] },
  ] as const)(
    'warns of Strict session cookies, when there are any ($transport)',
    async ({ transport, warnings }) => {
      const told: string[] = [];
      const strict = sessions({ cookie: { sameSite: 'strict' }, transport });
      await boot([strict, HandoffModule.forConsumer(consumer)], told);
      expect(told.filter((text) => text.includes('sameSite'))).toEqual(warnings);
    },
  );

  it('needs to be told apart from the issuer on one store, or tokens would open sessions of both', async () => {
    const onOneStore = HandoffModule.forConsumer({ ...consumer, redeem: 'store' });
    expect(await problemsOf(SessionModule.forRoot({ store: memoryStore() }), onOneStore)).toEqual([
      expect.stringMatching(/^audience: .*SessionModule\.forRoot\(\{ audience: "shop" \}\)/),
    ]);
  });

  it.each([
    { name: 'memoryStore()', store: () => memoryStore() },
    { name: 'expressSessionStore()', store: () => expressSessionStore(new session.MemoryStore()) },
  ])('says that $name keeps its word within one process only', async ({ store }) => {
    const warnings: string[] = [];
    await boot([sessions({ store: store() }), HandoffModule.forConsumer(consumer)], warnings);
    expect(warnings).toContainEqual(expect.stringContaining('compares and swaps within one process only'));
  });
});
