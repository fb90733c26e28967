import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { cookieStore, memoryStore, type SessionModuleOptions } from 'nest-sessions';
import {
  OidcLogoutModule,
  OidcLogoutOptionsError,
  type OidcLogoutModuleOptions,
  type OidcLogoutOptions,
  type OidcLogoutOptionsFactory,
} from 'nest-sessions/oidc';
import { adapters } from '../support/adapters.js';
import { serve } from '../support/serve.js';
import { CLIENT, ISSUER, JWKS, logoutTokens } from './provider.js';

const RIGHT = { issuer: ISSUER, clientId: CLIENT, jwks: JWKS };
const { make } = adapters[0]!;

async function boot(
  options: unknown,
  { session = { store: memoryStore() } }: { session?: SessionModuleOptions } = {},
): Promise<readonly string[]> {
  const oidc = OidcLogoutModule.forRoot(options as OidcLogoutModuleOptions);
  try {
    await (await serve({ adapter: make(), session, imports: [oidc] })).close();
    return [];
  } catch (error) {
    if (error instanceof OidcLogoutOptionsError) {
      return error.problems;
    }
    throw error;
  }
}

describe('The options of OidcLogoutModule', () => {
  it.each([
    { jwks: 'https://login.example.com/jwks?v=1' },
    { jwks: 'http://127.0.0.1:3000/jwks' },
    { jwks: 'http://[::1]:3000/jwks' },
    { jwks: 'http://provider.localhost:3000/jwks', issuer: 'http://provider.localhost:3000' },
    { issuer: 'https://login.example.com/realms/tea/' },
    { acceptUntyped: true, maxTokenAge: '5m' },
    { maxTokenAge: 60, path: '/logout' },
  ])('may be %j', async (options) => {
    expect(await boot({ ...RIGHT, ...options })).toEqual([]);
  });

  const wrong: [options: object, problem: string][] = [
    [{ issuer: undefined }, 'issuer: expected the issuer as the provider calls itself'],
    [{ issuer: 'login.example.com' }, 'issuer: expected the issuer'],
    [{ issuer: 'http://login.example.com' }, 'issuer: expected the issuer'],
    [{ issuer: 'https://login.example.com?realm=1' }, 'issuer: expected the issuer'],
    [{ issuer: 'https://login.example.com#x' }, 'issuer: expected the issuer'],
    [{ clientId: '' }, 'clientId: expected the client_id of this application, got ""'],
    [{ clientId: undefined }, 'clientId: expected the client_id of this application'],
    [{ jwks: undefined }, 'jwks: expected the URL of the keys of the provider, or a JSON Web Key Set'],
    [{ jwks: { keys: [] } }, 'jwks: expected the URL of the keys of the provider, or a JSON Web Key Set'],
    [{ jwks: { keys: [{}] } }, 'jwks: expected keys with a kty each'],
    [{ jwks: 'http://login.example.com/jwks' }, 'jwks: expected the URL of the keys'],
    [{ jwks: 'http://localhost.evil.example/jwks' }, 'jwks: expected the URL of the keys'],
    [{ jwks: 'http://127.0.0.1.evil.example/jwks' }, 'jwks: expected the URL of the keys'],
    [{ jwks: 'https://user:secret@login.example.com/jwks' }, 'jwks: expected the URL of the keys'],
    [{ jwks: 'file:///etc/jwks' }, 'jwks: expected the URL of the keys'],
    [
      { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
      'jwks: expected public keys: who knows a symmetric one',
    ],
    [
      { jwks: { keys: [{ ...JWKS.keys[0], d: 'c2VjcmV0' }] } },
      'jwks: expected public keys, got a private one',
    ],
    [{ acceptUntyped: 'yes' }, 'acceptUntyped: expected true or false, got "yes"'],
    [{ maxTokenAge: '2h' }, 'maxTokenAge: expected a duration above 0 and of an hour at most, got "2h"'],
    [{ maxTokenAge: 0 }, 'maxTokenAge: expected a duration above 0'],
    [{ path: 'logout' }, 'path: expected a path such as "/session/backchannel-logout", got "logout"'],
    [{ path: '/logout/:id' }, 'path: expected a path such as'],
    [{ path: '/' }, 'path: expected a path such as'],
    [{ algorithms: ['HS256'] }, 'algorithms: there is no such option'],
  ];

  it.each(wrong)('may not be %j', async (options, problem) => {
    expect(await boot({ ...RIGHT, ...options })).toEqual([expect.stringContaining(problem)]);
  });

  it('repeat no secret in what is said about them', async () => {
    const [problem] = await boot({ ...RIGHT, jwks: 'https://user:hunter2@login.example.com/jwks' });
    expect(problem).not.toContain('hunter2');
    const [other] = await boot({ ...RIGHT, jwks: { keys: [{ kty: 'oct', k: 'hunter2' }] } });
    expect(other).not.toContain('hunter2');
  });

  it('fail at boot all at once, with what is wrong around them', async () => {
    const keys = ['k'.repeat(43)];
    const session = { store: cookieStore({ keys }) };
    expect(await boot({ issuer: 1, clientId: 1, jwks: 1, path: 1, more: 1 }, { session })).toEqual([
      expect.stringContaining('path: '),
      expect.stringContaining('the store "cookie'),
      'more: there is no such option',
      expect.stringContaining('issuer: '),
      expect.stringContaining('clientId: '),
      expect.stringContaining('jwks: '),
    ]);
  });

  it('need SessionModule', async () => {
    @Module({ imports: [OidcLogoutModule.forRoot(RIGHT)] })
    class AppModule {}
    const booting = NestFactory.create(AppModule, make(), { logger: false, abortOnError: false });
    await expect(booting).rejects.toThrow('SessionModule is missing');
  });

  it('need a path of its own for each provider', async () => {
    const [one, two] = [RIGHT, { ...RIGHT, clientId: 'other' }].map((options) =>
      OidcLogoutModule.forRoot(options),
    );
    const booting = serve({ adapter: make(), session: { store: memoryStore() }, imports: [one!, two!] });
    await expect(booting).rejects.toThrow(
      'path: "/session/backchannel-logout" is that of another provider too',
    );
  });
});

describe.each(adapters)('OidcLogoutModule.forRootAsync() on $adapter', ({ make: makeAdapter }) => {
  @Injectable()
  class Factory implements OidcLogoutOptionsFactory {
    createOidcLogoutOptions(): OidcLogoutOptions {
      return RIGHT;
    }
  }
  @Module({ providers: [Factory], exports: [Factory] })
  class FactoryModule {}

  it.each([
    { how: 'a factory', options: { useFactory: async () => RIGHT } },
    {
      how: 'a factory with what it needs',
      options: {
        imports: [FactoryModule],
        inject: [Factory],
        useFactory: (factory: Factory) => factory.createOidcLogoutOptions(),
      },
    },
    { how: 'a class', options: { useClass: Factory } },
    { how: 'a class that exists', options: { imports: [FactoryModule], useExisting: Factory } },
  ])('takes the options from $how, and the path from beside it', async ({ options }) => {
    const app = await serve({
      adapter: makeAdapter(),
      session: { store: memoryStore() },
      imports: [OidcLogoutModule.forRootAsync({ ...options, path: '/ended' })],
    });
    const token = await logoutTokens(Date.now)();
    const { status } = await app
      .browser()
      .post('/ended', { body: new URLSearchParams({ logout_token: token }) });
    expect(status).toBe(200);
    await app.close();
  });

  it.each([
    { options: {}, problem: 'forRootAsync: expected one of useFactory, useClass and useExisting' },
    {
      options: { useFactory: () => undefined as never },
      problem: 'forRootAsync: the factory gave no options',
    },
    {
      options: { useFactory: () => ({ ...RIGHT, path: '/logout' }) },
      problem: 'path: there is no such option',
    },
  ])('says what is wrong: $problem', async ({ options, problem }) => {
    const booting = async () =>
      serve({
        adapter: makeAdapter(),
        session: { store: memoryStore() },
        imports: [OidcLogoutModule.forRootAsync(options)],
      });
    await expect(booting()).rejects.toThrow(problem);
  });
});
