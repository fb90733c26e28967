import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Playground } from '../support/playground.js';
import { ask, csrfApp } from './csrf.app.js';

interface Trusting {
  readonly adapter: string;
  readonly make: () => AbstractHttpAdapter;
  readonly prepare?: (app: INestApplication) => void;
}

const trusting: Trusting[] = [
  {
    adapter: 'Express',
    make: () => new ExpressAdapter(),
    prepare: (app) => void (app as NestExpressApplication).set('trust proxy', true),
  },
  {
    adapter: 'Fastify',
    make: () => new FastifyAdapter({ trustProxy: true }) as unknown as AbstractHttpAdapter,
  },
];
const distrusting: Trusting[] = [
  { adapter: 'Express', make: () => new ExpressAdapter() },
  { adapter: 'Fastify', make: () => new FastifyAdapter() as unknown as AbstractHttpAdapter },
];

/** What an old browser sends through a proxy, which names no site. */
const through = (origin: string, headers: Record<string, string>) => ({
  headers: { origin, host: 'internal:3000', ...headers },
});
const FORWARDED = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example.com' };

describe.each(trusting)('5.2 Behind a trusted proxy, $adapter', ({ make, prepare }) => {
  let app: Playground;
  beforeAll(async () => {
    app = await csrfApp({ adapter: make(), prepare });
  });
  afterAll(() => app.close());

  it.each([
    {
      what: 'the origin that the proxy names',
      sent: through('https://shop.example.com', FORWARDED),
      status: 200,
    },
    {
      what: 'the origin that the proxy names, with its default port',
      sent: through('https://shop.example.com', { ...FORWARDED, 'x-forwarded-host': 'shop.example.com:443' }),
      status: 200,
    },
    {
      what: 'the origin that the proxy names, with a port',
      sent: through('https://shop.example.com:8443', {
        ...FORWARDED,
        'x-forwarded-host': 'shop.example.com:8443',
      }),
      status: 200,
    },
    {
      what: 'a host that the proxy has kept',
      sent: through('https://shop.example.com', { host: 'shop.example.com', 'x-forwarded-proto': 'https' }),
      status: 200,
    },
    {
      what: 'the scheme before the proxy only',
      sent: through('http://shop.example.com', FORWARDED),
      status: 403,
    },
    { what: 'another port', sent: through('https://shop.example.com:8443', FORWARDED), status: 403 },
    { what: 'the host behind the proxy', sent: through('https://internal:3000', FORWARDED), status: 403 },
    { what: 'another host', sent: through('https://evil.example', FORWARDED), status: 403 },
  ])('answers a POST from $what with $status', async ({ sent, status }) => {
    expect((await ask(app.origin, '/pages/act', sent)).status).toBe(status);
  });
});

describe.each(distrusting)('5.2 Without a trusted proxy, $adapter', ({ make }) => {
  let app: Playground;
  beforeAll(async () => {
    app = await csrfApp({ adapter: make() });
  });
  afterAll(() => app.close());

  const claims: { what: string; headers: Record<string, string>; origin: string }[] = [
    { what: 'host', headers: { 'x-forwarded-host': 'evil.example' }, origin: 'http://evil.example' },
    { what: 'scheme', headers: { 'x-forwarded-proto': 'https' }, origin: 'https://internal:3000' },
    {
      what: 'host and scheme',
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      origin: 'https://evil.example',
    },
  ];
  it.each(claims)(
    'does not believe the $what that a client says it was forwarded for',
    async ({ headers, origin }) => {
      const { status, json } = await ask(app.origin, '/pages/act', through(origin, headers));
      expect([status, json().errorCode]).toEqual([403, 'CSRF_ORIGIN']);
    },
  );

  it('goes by Host', async () => {
    const sent = through('http://internal:3000', FORWARDED);
    expect((await ask(app.origin, '/pages/act', sent)).status).toBe(200);
  });
});
