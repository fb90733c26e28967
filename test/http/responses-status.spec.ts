import {
  Controller,
  Get,
  HttpCode,
  HttpException,
  Injectable,
  Res,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Session, SessionService, type SessionStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { memory } from '../support/memory.js';
import { hijack } from '../support/raw-response.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';

/** What a request does with its session before it is answered. */
const acts = {
  read: (session) => session.get('name'),
  write: (session) => session.set('name', 'Grace'),
  'write-and-expire': (session) => {
    session.set('name', 'Grace');
    session.setExpiry(60);
  },
  regenerate: async (session) => {
    session.set('name', 'Grace');
    await session.regenerate();
  },
  flush: (session) => session.flush(),
  'flush-and-write': async (session) => {
    await session.flush();
    session.set('name', 'Grace');
  },
  'save-and-write': async (session) => {
    session.set('name', 'Grace');
    await session.save();
    session.set('name', 'Eve');
  },
  'regenerate-and-save': async (session) => {
    session.set('name', 'Grace');
    await session.regenerate();
    await session.save();
  },
} satisfies Record<string, (session: Session) => unknown>;

@Injectable()
class ActGuard implements CanActivate {
  constructor(private readonly sessions: SessionService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { query } = context.switchToHttp().getRequest();
    const act = query.act as keyof typeof acts;
    await acts[act](await this.sessions.current());
    if (query.refuse) {
      throw new HttpException('refused', Number(query.refuse));
    }
    return true;
  }
}

class AnsweringFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(502).send({ from: 'filter' });
  }
}

@Controller()
class ReadController {
  @Get('read') read(@Session() session: Session) {
    return { name: session.get('name', 'Guest') };
  }

  @Get('login') login(@Session() session: Session) {
    session.set('name', 'Ada');
  }
}

@Controller()
@UseGuards(ActGuard)
class StatusController {
  @Get('fine') fine() {
    return {};
  }

  @Get('throws') throws() {
    throw new Error('out of order');
  }

  @Get('throws-http') throwsHttp() {
    throw new HttpException('out of order', 503);
  }

  @Get('http-code') @HttpCode(500) httpCode() {
    return {};
  }

  @Get('filter') @UseFilters(AnsweringFilter) filter() {
    throw new Error('out of order');
  }

  @Get('manual') manual(@Res() response: any) {
    response.status(500).send({});
  }

  @Get('passthrough') passthrough(@Res({ passthrough: true }) response: any) {
    response.status(599);
    return {};
  }

  @Get('raw') raw(@Res() response: any) {
    hijack(response).writeHead(500, { 'Content-Type': 'text/plain' }).end('out of order');
  }
}

const failures = [
  { what: 'a handler that throws', path: '/throws?', status: 500 },
  { what: 'a handler that throws an HttpException', path: '/throws-http?', status: 503 },
  { what: 'a guard that throws', path: '/fine?refuse=500&', status: 500 },
  { what: '@HttpCode(500)', path: '/http-code?', status: 500 },
  { what: 'a filter that answers by itself', path: '/filter?', status: 502 },
  { what: '@Res()', path: '/manual?', status: 500 },
  { what: '@Res({ passthrough: true })', path: '/passthrough?', status: 599 },
  { what: 'a raw reply', path: '/raw?', status: 500 },
];

const CLEARED = [expect.stringMatching(/^sessionid=; Max-Age=0;/)];
const GIVEN = [expect.stringMatching(/^sessionid=[0-9a-f]{32}\./)];
const UNKNOWN = `${'0'.repeat(32)}.${'A'.repeat(43)}`;

describe.each(adapters)('The status of a response on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;
  let visitor: Browser;

  beforeEach(async () => {
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [ReadController, StatusController],
      session: { store: watched.store as SessionStore },
    });
    visitor = served.browser();
    await visitor.get('/login');
    watched.take();
  });
  afterEach(() => served.close());

  const nameOf = async (browser: Browser) => (await browser.get('/read')).json().name;

  describe.each(failures)('of 5xx by $what', ({ path, status }) => {
    const visit = async (browser: Browser, act: keyof typeof acts) => {
      const answer = await browser.get(`${path}act=${act}`);
      expect(answer.status).toBe(status);
      return { ...answer, calls: watched.take() };
    };

    it.each(['write', 'write-and-expire', 'regenerate'] as const)(
      'drops what the request has changed (%s), and leaves session and cookie intact',
      async (act) => {
        const token = visitor.cookie();
        const { setCookies, calls } = await visit(visitor, act);
        expect(setCookies).toEqual([]);
        expect(calls).toEqual(['load']);
        expect(visitor.cookie()).toBe(token);
        expect(await nameOf(visitor)).toBe('Ada');
      },
    );

    it('starts no session', async () => {
      const { setCookies, calls } = await visit(served.browser(), 'write');
      expect(setCookies).toEqual([]);
      expect(calls).toEqual([]);
    });

    it('keeps a flush', async () => {
      const before = visitor.fork();
      const { setCookies, calls } = await visit(visitor, 'flush');
      expect(setCookies).toEqual(CLEARED);
      expect(calls).toEqual(['load', 'destroy']);
      expect(await nameOf(before)).toBe('Guest');
    });

    it('keeps a flush and drops the session that was to follow it', async () => {
      const { setCookies, calls } = await visit(visitor, 'flush-and-write');
      expect(setCookies).toEqual(CLEARED);
      expect(calls).toEqual(['load', 'destroy']);
      expect(await nameOf(visitor)).toBe('Guest');
    });

    it('keeps what was saved, and drops what was changed after it', async () => {
      const { setCookies, calls } = await visit(visitor, 'save-and-write');
      expect(setCookies).toEqual([]);
      expect(calls).toEqual(['load', 'commit']);
      expect(await nameOf(visitor)).toBe('Grace');
    });

    it('brings the cookie of a new session that was saved', async () => {
      const newcomer = served.browser();
      const { setCookies, calls } = await visit(newcomer, 'save-and-write');
      expect(setCookies).toEqual(GIVEN);
      expect(calls).toEqual(['create']);
      expect(await nameOf(newcomer)).toBe('Grace');
    });

    it('brings the new cookie of a regeneration that was saved', async () => {
      const before = visitor.fork();
      const { setCookies, calls } = await visit(visitor, 'regenerate-and-save');
      expect(setCookies).toEqual(GIVEN);
      expect(calls).toEqual(['load', 'replace']);
      expect(visitor.cookie()).not.toBe(before.cookie());
      expect(await nameOf(visitor)).toBe('Grace');
      expect(await nameOf(before)).toBe('Guest');
    });

    it('leaves a cookie that belongs to no session where it is', async () => {
      const { setCookies } = await served
        .browser()
        .get(`${path}act=read`, { headers: { cookie: `sessionid=${UNKNOWN}` } });
      expect(setCookies).toEqual([]);
    });
  });

  describe.each([200, 302, 400, 401, 403, 404, 409, 422, 499])('of %i', (status) => {
    const visit = (browser: Browser, act: keyof typeof acts) =>
      browser.get(`/fine?refuse=${status}&act=${act}`);

    it('commits', async () => {
      expect((await visit(visitor, 'write')).status).toBe(status);
      expect(watched.take()).toEqual(['load', 'commit']);
      expect(await nameOf(visitor)).toBe('Grace');
    });

    it('regenerates', async () => {
      const before = visitor.fork();
      expect((await visit(visitor, 'regenerate')).setCookies).toEqual(GIVEN);
      expect(watched.take()).toEqual(['load', 'replace']);
      expect(await nameOf(visitor)).toBe('Grace');
      expect(await nameOf(before)).toBe('Guest');
    });

    it('clears a cookie that belongs to no session', async () => {
      const headers = { cookie: `sessionid=${UNKNOWN}` };
      const { setCookies } = await served.browser().get(`/fine?refuse=${status}&act=read`, { headers });
      expect(setCookies).toEqual(CLEARED);
    });
  });
});
