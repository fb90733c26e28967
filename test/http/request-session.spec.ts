import {
  Catch,
  Controller,
  Get,
  Session as NestSession,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Session, SessionStoreError, type ExpressLikeSession } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { idOf } from '../support/playground.js';
import { done, requestPlayground, type RequestPlayground } from '../support/request-playground.js';

@Catch(SessionStoreError)
class OutageFilter implements ExceptionFilter<SessionStoreError> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: SessionStoreError, host: ArgumentsHost) {
    const body = { filtered: error.name };
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), body, error.getStatus());
  }
}

@Controller('nest')
class NestController {
  @Get()
  show(@NestSession() theirs: ExpressLikeSession, @Session() ours: Session) {
    theirs.fromTheirs = 1;
    ours.set('fromOurs', 2);
    return { theirs, ours, id: theirs.id };
  }
}

describe.each(adapters)('req.session on $adapter', ({ make }) => {
  let place: RequestPlayground;

  beforeEach(async () => {
    place = await requestPlayground({
      adapter: make(),
      serve: { controllers: [NestController], providers: [{ provide: APP_FILTER, useClass: OutageFilter }] },
    });
  });
  afterEach(() => place.close());

  describe('as the data', () => {
    const before = { name: 'Ada', cart: { items: ['tea'] } };

    it.each<{ title: string; step: (session: any) => unknown; answer?: unknown; after?: object }>([
      { title: 'reads a key', step: (session) => ({ name: session.name }), answer: { name: 'Ada' } },
      {
        title: 'finds nothing under a key that nobody has set',
        step: (session) => [typeof session.nobody, 'nobody' in session],
        answer: ['undefined', false],
      },
      {
        title: 'takes a new key',
        step: (session) => void (session.views = 1),
        after: { ...before, views: 1 },
      },
      {
        title: 'takes another value',
        step: (session) => void (session.name = 'Bob'),
        after: { ...before, name: 'Bob' },
      },
      { title: 'deletes a key', step: (session) => delete session.cart, after: { name: 'Ada' } },
      {
        title: 'deletes a key that is set to undefined',
        step: (session) => void (session.cart = undefined),
        after: { name: 'Ada' },
      },
      {
        title: 'finds a nested change',
        step: (session) => void session.cart.items.push('milk'),
        after: { name: 'Ada', cart: { items: ['tea', 'milk'] } },
      },
      {
        title: 'takes what Object.assign gives it',
        step: (session) => void Object.assign(session, { views: 1, name: 'Bob' }),
        after: { ...before, views: 1, name: 'Bob' },
      },
      {
        title: 'knows its keys',
        step: (session) => [Object.keys(session), 'name' in session, Object.hasOwn(session, 'name')],
        answer: [['name', 'cart'], true, true],
      },
      {
        title: 'can be walked through',
        step: (session) => {
          const keys = [];
          for (const key in session) keys.push(key);
          return [keys, Object.entries(session).length, { ...session }.name];
        },
        answer: [['name', 'cart'], 2, 'Ada'],
      },
      {
        title: 'is JSON as its data',
        step: (session) => JSON.parse(JSON.stringify(session)),
        answer: before,
      },
      { title: 'is sent as its data', step: (session) => session, answer: before },
      {
        title: 'has what every object has',
        step: (session) => [session.hasOwnProperty('name'), `${session}`, typeof session.constructor],
        answer: [true, '[object Object]', 'function'],
      },
      {
        title: 'takes a key that every object has',
        step: (session) => void (session.constructor = 'Eiffel'),
        after: { ...before, constructor: 'Eiffel' },
      },
    ])('$title', async ({ step, answer, after = before }) => {
      const browser = await place.visitor(before);
      place.onRequest('step', ({ session }) => step(session));
      const visit = await browser.post('/req/step');
      expect(visit.status).toBe(200);
      if (answer !== undefined) {
        expect(visit.json()).toEqual(answer);
      }
      expect(await place.dataOf(idOf(browser))).toEqual(after);
    });

    it.each(['id', 'cookie', 'save', 'reload', 'regenerate', 'destroy', 'touch', 'resetMaxAge', 'toJSON'])(
      'leaves the key %s to the API of the same name',
      async (key) => {
        const browser = await place.visitor({ [key]: 'data', name: 'Ada' });
        place.onRequest('set', ({ session }) => {
          expect(() => (session[key] = 'other')).toThrow(TypeError);
          return { keys: Reflect.ownKeys(session), isData: session[key] === 'data', isThere: key in session };
        });
        const visit = await browser.post('/req/set');
        expect(visit.json()).toEqual({ keys: ['name'], isData: false, isThere: true });
        expect(await place.dataOf(idOf(browser))).toEqual({ [key]: 'data', name: 'Ada' });
      },
    );

    it('refuses what cannot be stored, as the other API does', async () => {
      place.onRequest('set', ({ session }) => {
        expect(() => (session.when = () => 1)).toThrow('cannot be stored');
        expect(() => (session.$reserved = 1)).toThrow('reserved');
      });
      expect((await place.browser().post('/req/set')).status).toBe(200);
    });
  });

  describe('beside the other API', () => {
    it("is what Nest's own @Session() gives, and looks at the same data", async () => {
      const browser = await place.visitor();
      const { theirs, ours, id } = (await browser.get('/nest')).json();
      expect(theirs).toEqual({ name: 'Ada', fromTheirs: 1, fromOurs: 2 });
      expect(ours).toEqual(theirs);
      expect(id).toBe(idOf(browser));
    });

    it('is committed together with it, once', async () => {
      const browser = await place.visitor();
      await browser.get('/nest');
      expect(place.watched.take()).toEqual(['load', 'commit']);
      expect(await place.dataOf(idOf(browser))).toEqual({ name: 'Ada', fromTheirs: 1, fromOurs: 2 });
    });

    it('gives the same id, empty while nothing is stored', async () => {
      place.onRequest('ids', async (request) => {
        const before = [request.session.id, request.sessionID];
        request.session.name = 'Ada';
        await done((callback) => request.session.save(callback));
        return { before, after: [request.session.id, request.sessionID] };
      });
      const browser = place.browser();
      const { before, after } = (await browser.post('/req/ids')).json();
      expect(before).toEqual(['', '']);
      expect(after).toEqual([idOf(browser), idOf(browser)]);
    });
  });

  describe('that a request does not touch', () => {
    it('creates nothing and sets no cookie', async () => {
      place.onRequest('idle', () => 'done');
      const visit = await place.browser().post('/req/idle');
      expect(visit.setCookies).toEqual([]);
      expect(place.watched.take()).toEqual([]);
    });

    it('is loaded, and not written', async () => {
      const browser = await place.visitor();
      place.onRequest('idle', () => 'done');
      const visit = await browser.post('/req/idle');
      expect(visit.setCookies).toEqual([]);
      expect(place.watched.take()).toEqual(['load']);
    });

    it('lives on by being used', async () => {
      const browser = await place.visitor();
      place.onRequest('idle', () => 'done');
      place.clock.advance(120);
      await browser.post('/req/idle');
      expect(place.watched.take()).toEqual(['load', 'touch']);
    });
  });

  describe('when the store is down', () => {
    it('answers 503 through the filters, and keeps the cookie', async () => {
      const browser = await place.visitor();
      const token = browser.cookie();
      place.watched.before = () => {
        throw new Error('down');
      };
      place.onRequest('idle', () => 'done');
      const visit = await browser.post('/req/idle');
      expect(visit.status).toBe(503);
      expect(visit.json()).toEqual({ filtered: 'SessionStoreError' });
      expect(browser.cookie()).toBe(token);
    });
  });

  describe('that is set to something else', () => {
    it.each([null, undefined, { other: 'object' }])('is that for this request only (%p)', async (value) => {
      const browser = await place.visitor();
      place.onRequest('forget', (request) => {
        request.session.views = 1;
        request.session = value as never;
        return { isOther: Object.is(request.session, value) };
      });
      expect((await browser.post('/req/forget')).json()).toEqual({ isOther: true });
      expect(await place.dataOf(idOf(browser))).toEqual({ name: 'Ada', views: 1 });
    });
  });
});

describe.each(adapters)(
  'Without the option, on $adapter',
  ({ make }: { make: () => AbstractHttpAdapter }) => {
    it('there is no req.session, and nothing is loaded', async () => {
      const place = await requestPlayground({ adapter: make(), session: { requestSession: false } });
      try {
        const browser = await place.visitor();
        place.onRequest('look', (request) => ({ has: 'session' in request, hasId: 'sessionID' in request }));
        expect((await browser.post('/req/look')).json()).toEqual({ has: false, hasId: false });
        expect(place.watched.take()).toEqual([]);
      } finally {
        await place.close();
      }
    });
  },
);
