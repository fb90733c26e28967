import { Controller, Param, Post } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Session, type SessionModuleOptions } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { Clock } from '../support/clock.js';
import { memory } from '../support/memory.js';
import { serve, type Served } from '../support/serve.js';

const DAY = 24 * 60 * 60;

@Controller()
class CookiesController {
  @Post('write') write(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Post('touch') touch(@Session() session: Session) {
    session.set('n', session.get('n', 0) + 1);
  }

  @Post('expire/:expiry') expire(@Session() session: Session, @Param('expiry') expiry: string) {
    session.set('name', 'Ada');
    session.setExpiry(expiry === 'null' ? null : (expiry as never));
  }

  @Post('expire-at/:time') expireAt(@Session() session: Session, @Param('time') time: string) {
    session.set('name', 'Ada');
    session.setExpiry(new Date(Number(time)));
  }

  @Post('flush') flush(@Session() session: Session) {
    return session.flush();
  }
}

/** A cookie as it was sent: its name, its value, and its attributes in alphabetical order. */
function dissect(setCookie: string | undefined) {
  const [pair, ...attributes] = (setCookie ?? '').split('; ');
  const [name, value] = pair!.split('=');
  return { name, value, attributes: attributes.toSorted() };
}

interface Sent {
  readonly name: string;
  /** Without those that say how long it lives. */
  readonly attributes: readonly string[];
}

const attributeRows: { what: string; options: SessionModuleOptions; sent: Sent }[] = [
  {
    what: 'nothing',
    options: {},
    sent: { name: 'sessionid', attributes: ['HttpOnly', 'Path=/', 'SameSite=Lax'] },
  },
  {
    what: 'secure',
    options: { cookie: { secure: true } },
    sent: { name: '__Host-sessionid', attributes: ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'] },
  },
  {
    what: 'secure and a path',
    options: { cookie: { secure: true, path: '/app' } },
    sent: { name: '__Secure-sessionid', attributes: ['HttpOnly', 'Path=/app', 'SameSite=Lax', 'Secure'] },
  },
  {
    what: 'secure and a domain',
    options: { cookie: { secure: true, domain: 'example.com' } },
    sent: {
      name: '__Secure-sessionid',
      attributes: ['Domain=example.com', 'HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'],
    },
  },
  {
    what: 'a name',
    options: { cookie: { secure: true, name: 'sid' } },
    sent: { name: 'sid', attributes: ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'] },
  },
  {
    what: 'everything for third parties',
    options: { cookie: { secure: true, sameSite: 'none', partitioned: true, priority: 'high' } },
    sent: {
      name: '__Host-sessionid',
      attributes: ['HttpOnly', 'Partitioned', 'Path=/', 'Priority=High', 'SameSite=None', 'Secure'],
    },
  },
  {
    what: 'everything loose',
    options: {
      cookie: { httpOnly: false, sameSite: 'strict', path: '/app', domain: 'example.com', priority: 'low' },
    },
    sent: {
      name: 'sessionid',
      attributes: ['Domain=example.com', 'Path=/app', 'Priority=Low', 'SameSite=Strict'],
    },
  },
];

describe.each(adapters)('The cookie on $adapter', ({ adapter, make }) => {
  let served: Served;
  let clock: Clock;

  async function start(options: SessionModuleOptions = {}, httpAdapter: AbstractHttpAdapter = make()) {
    clock = new Clock();
    served = await serve({
      adapter: httpAdapter,
      controllers: [CookiesController],
      session: { store: memory(), now: clock.now, ...options },
    });
  }

  afterEach(() => served.close());

  const post = async (path: string, headers: Record<string, string> = {}) =>
    dissect((await served.browser().post(path, { headers })).setCookies[0]);

  describe.each(attributeRows)('with $what', ({ options, sent }) => {
    it('4.3, 4.4 has the attributes and the name for it', async () => {
      await start(options);
      expect(await post('/write')).toEqual({
        name: sent.name,
        value: expect.stringMatching(/^[0-9a-f]{32}\.[\w-]{43}$/),
        attributes: [...sent.attributes, `Max-Age=${14 * DAY}`].toSorted(),
      });
    });

    it('2.11, 4.13 is deleted with the same attributes, by a flush as well as for a stale one', async () => {
      await start(options);
      const { name, value } = await post('/write');
      const deleted = {
        name: sent.name,
        value: '',
        attributes: [...sent.attributes, 'Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Max-Age=0'].toSorted(),
      };
      expect(await post('/flush', { cookie: `${name}=${value}` })).toEqual(deleted);
      expect(await post('/flush', { cookie: `${name}=${value}` })).toEqual(deleted);
    });

    it('is found again under its name', async () => {
      await start({ ...options, touchInterval: false });
      const { name, value } = await post('/write');
      const visit = await served.browser().post('/write', { headers: { cookie: `${name}=${value}` } });
      expect(visit.setCookies).toEqual([]);
    });
  });

  it('4.1 is secure in production', async () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      await start();
    } finally {
      process.env.NODE_ENV = before;
    }
    const { name, attributes } = await post('/write');
    expect(name).toBe('__Host-sessionid');
    expect(attributes).toContain('Secure');
  });

  describe('that is secure by the request', () => {
    function trusting(trust: boolean): AbstractHttpAdapter {
      if (adapter === 'Fastify') {
        return new FastifyAdapter({ trustProxy: trust }) as unknown as AbstractHttpAdapter;
      }
      const express = new ExpressAdapter();
      (express as unknown as NestExpressApplication).set('trust proxy', trust);
      return express;
    }

    it.each([
      { trust: true, header: 'https', isSecure: true, title: 'believes a proxy that it was told to trust' },
      { trust: true, header: 'http', isSecure: false, title: 'believes that proxy about plain HTTP, too' },
      { trust: true, header: undefined, isSecure: false, title: 'is not secure where that proxy is silent' },
      { trust: false, header: 'https', isSecure: false, title: 'is not fooled by a client that says https' },
      { trust: false, header: undefined, isSecure: false, title: 'is not secure over plain HTTP' },
    ])('4.11 $title', async ({ trust, header, isSecure }) => {
      await start({ cookie: { secure: 'auto' } }, trusting(trust));
      const headers: Record<string, string> = header ? { 'x-forwarded-proto': header } : {};
      const given = await post('/write', headers);
      const cleared = await post('/flush', { ...headers, cookie: `sessionid=${given.value}` });
      expect(given.name).toBe('sessionid');
      for (const { attributes } of [given, cleared]) {
        expect(attributes.includes('Secure')).toBe(isSecure);
      }
    });
  });

  describe('lives', () => {
    const lifeOf = ({ attributes }: { attributes: string[] }) =>
      attributes.filter((attribute) => /^(Max-Age|Expires)=/.test(attribute));

    it.each<{ what: string; options: SessionModuleOptions; path?: string; life: string[] }>([
      { what: 'as long as the session', options: { idleTimeout: '2h' }, life: ['Max-Age=7200'] },
      {
        what: 'no longer than the absolute timeout',
        options: { absoluteTimeout: '1d' },
        life: [`Max-Age=${DAY}`],
      },
      {
        what: '400 days at the most',
        options: { idleTimeout: '1000d', absoluteTimeout: false },
        life: [`Max-Age=${400 * DAY}`],
      },
      {
        what: 'exactly 400 days where that is asked for',
        options: { idleTimeout: '400d', absoluteTimeout: false },
        life: [`Max-Age=${400 * DAY}`],
      },
      { what: 'until the browser is closed', options: { expireAtBrowserClose: true }, life: [] },
      { what: 'as setExpiry() says', options: {}, path: '/expire/5m', life: ['Max-Age=300'] },
      { what: 'until the browser is closed by setExpiry()', options: {}, path: '/expire/browser', life: [] },
      {
        what: 'as setExpiry() says although the module says browser close',
        options: { expireAtBrowserClose: true },
        path: '/expire/5m',
        life: ['Max-Age=300'],
      },
      {
        what: 'until the date of setExpiry()',
        options: {},
        path: `/expire-at/${new Clock().now() + 90_500}`,
        life: ['Max-Age=91'],
      },
      {
        what: 'as the module says after setExpiry(null)',
        options: {},
        path: '/expire/null',
        life: [`Max-Age=${14 * DAY}`],
      },
    ])('4.8 $what', async ({ options, path = '/write', life }) => {
      await start(options);
      expect(lifeOf(await post(path))).toEqual(life);
    });

    it('4.8 less and less as the absolute timeout comes nearer', async () => {
      await start({ idleTimeout: '2d', absoluteTimeout: '3d' });
      const { value } = await post('/write');
      clock.advance(1.5 * DAY);
      const again = await post('/touch', { cookie: `sessionid=${value}` });
      expect(again.value).toBe(value);
      expect(lifeOf(again)).toEqual([`Max-Age=${1.5 * DAY}`]);
    });

    it('until the browser is closed even when the record is moved', async () => {
      await start({ expireAtBrowserClose: true });
      const { value } = await post('/write');
      clock.advance(DAY);
      const visit = await served.browser().post('/touch', { headers: { cookie: `sessionid=${value}` } });
      expect(visit.setCookies).toEqual([]);
    });

    it('differently as soon as an existing session is given another expiry', async () => {
      await start();
      const { value } = await post('/write');
      const headers = { cookie: `sessionid=${value}` };
      expect(lifeOf(await post('/expire/5m', headers))).toEqual(['Max-Age=300']);
      const browserOnly = await post('/expire/browser', headers);
      expect(browserOnly.value).toBe(value);
      expect(lifeOf(browserOnly)).toEqual([]);
    });
  });
});
