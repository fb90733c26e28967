import { Catch, Controller, createParamDecorator, Injectable, Post, Res, UseGuards } from '@nestjs/common';
import type { ArgumentsHost, CanActivate, ExceptionFilter, Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore, Session, SessionService, SessionStoreError } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';

const SECRET_OF_THE_STORE = 'connect ECONNREFUSED db.internal:5432';

/** A filter of the application, as a test of whether it gets to see the failure. */
@Catch(SessionStoreError)
class OutageFilter implements ExceptionFilter {
  static seen: SessionStoreError[] = [];

  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: SessionStoreError, host: ArgumentsHost): void {
    OutageFilter.seen.push(error);
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { filtered: true }, error.getStatus());
  }
}

/** A filter that takes every error lightly. */
@Catch()
class RosyFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(_error: unknown, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), 'fine', 200);
  }
}

@Injectable()
class LoggedInGuard implements CanActivate {
  constructor(private readonly sessions: SessionService) {}

  async canActivate(): Promise<boolean> {
    return (await this.sessions.current()).has('name');
  }
}

/**
 * A decorator of the application to which Nest gives a random hexadecimal name that begins with this digit. Those of
 * its own `@Res()` and `@Next()` are called 1 and 2, and must not be taken for one another.
 */
function decoratorNamed(digit: string): ParameterDecorator {
  for (;;) {
    const decorator = createParamDecorator(() => 'decorated')();
    class Probe {
      probe(_value: unknown) {}
    }
    decorator(Probe.prototype, 'probe', 0);
    const [name] = Object.keys(Reflect.getMetadata('__routeArguments__', Probe, 'probe') as object);
    if (new RegExp(`^${digit}[a-f]`).test(name!)) {
      return decorator;
    }
  }
}
const LikeResponse = () => decoratorNamed('1');
const LikeNext = () => decoratorNamed('2');

@Controller('extra')
class ExtraController {
  @Post('like-response')
  likeResponse(@Session() session: Session, @LikeResponse() _value: string) {
    session.data.name = 'changed';
  }

  @Post('like-next')
  likeNext(@Session() session: Session, @LikeNext() _value: string) {
    session.data.name = 'changed';
  }

  @Post('guarded')
  @UseGuards(LoggedInGuard)
  guarded() {
    return 'in';
  }

  /** Writes the response by itself, so that only the response gate can commit. */
  @Post('raw')
  raw(@Session() session: Session, @Res() response: any) {
    session.data.name = 'raw';
    const raw = response.raw ?? response;
    raw.setHeader('Content-Type', 'text/plain');
    raw.setHeader('ETag', '"of the answer"');
    raw.end('the answer of the handler');
  }
}

interface Failure {
  readonly verb: 'load' | 'commit' | 'create' | 'touch' | 'replace' | 'destroy' | 'rotate';
  readonly path: string;
  readonly wait?: number;
  readonly isNew?: boolean;
}

const failures: Failure[] = [
  { verb: 'load', path: '/read' },
  { verb: 'load', path: '/set?colour=red' },
  { verb: 'load', path: '/extra/guarded' },
  { verb: 'commit', path: '/set?colour=red' },
  { verb: 'commit', path: '/save' },
  { verb: 'commit', path: '/extra/raw' },
  { verb: 'commit', path: '/extra/like-response' },
  { verb: 'commit', path: '/extra/like-next' },
  { verb: 'create', path: '/set?colour=red', isNew: true },
  { verb: 'create', path: '/extra/raw', isNew: true },
  { verb: 'touch', path: '/read', wait: 3600 },
  { verb: 'replace', path: '/regenerate' },
  { verb: 'destroy', path: '/flush' },
  { verb: 'rotate', path: '/read', wait: 24 * 3600 },
];

describe.each(adapters)('A store that fails ($adapter)', ({ make }) => {
  let ground: Playground;
  let browser: Browser;

  async function start(Filter?: Type<ExceptionFilter>): Promise<void> {
    ground = await playground({
      adapter: make(),
      store: memoryStore() as never,
      session: { renewEvery: '1d' },
      serve: {
        controllers: [ExtraController],
        providers: [LoggedInGuard],
        prepare: (app) => void (Filter && app.useGlobalFilters(new Filter(app.get(HttpAdapterHost)))),
      },
    });
    ground.on('save', async (session) => {
      session.set('colour', 'red');
      await session.save();
    });
    browser = await ground.visitor();
    OutageFilter.seen = [];
  }
  afterEach(() => ground.close());

  function fail(verb: string): void {
    ground.watched.before = (called) => {
      if (called === verb) {
        throw Object.assign(new Error(SECRET_OF_THE_STORE), { code: 'ECONNREFUSED' });
      }
    };
  }
  const recover = () => void (ground.watched.before = () => undefined);

  describe.each(failures)('at $verb of POST $path', ({ verb, path, wait = 0, isNew = false }) => {
    beforeEach(() => start());

    async function visitDuringOutage() {
      ground.clock.advance(wait);
      fail(verb);
      return (isNew ? ground.browser() : browser).post(path);
    }

    it('6.6 is a 503 that tells the client nothing of the store and leaves the cookie alone', async () => {
      const token = browser.cookie()!;
      const visit = await visitDuringOutage();
      expect(visit.status).toBe(503);
      expect(visit.json()).toMatchObject({ statusCode: 503, message: 'The session store is unavailable.' });
      expect(visit.text).not.toContain('ECONNREFUSED');
      // A touch that went well before the failure may tell the client the new age of the token it has.
      expect(visit.setCookies.filter((cookie) => !cookie.startsWith(`sessionid=${token};`))).toEqual([]);
      expect(visit.headers.get('etag') ?? '').not.toContain('of the answer');
    });

    it('loses neither the session nor its data, and the next request is fine', async () => {
      const before = browser.cookie();
      await visitDuringOutage();
      recover();
      const visit = await browser.post('/read');
      expect(visit.status).toBe(200);
      expect(visit.json()).toEqual({ name: 'Ada' });
      expect(idOf(browser)).toBe(before!.split('.')[0]);
      expect((await browser.post('/set?colour=blue')).status).toBe(200);
      expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', colour: 'blue' });
    });

    it('emits one store-error with the verb and the cause, without the token', async () => {
      const [, secret] = browser.cookie()!.split('.');
      await visitDuringOutage();
      const errors = ground.events.filter(({ type }) => type === 'store-error');
      expect(errors).toEqual([
        { type: 'store-error', verb, error: expect.objectContaining({ code: 'ECONNREFUSED' }) },
      ]);
      expect(JSON.stringify(ground.events)).not.toContain(secret);
      expect(ground.log.join('\n')).not.toContain(secret);
    });
  });

  it.each(failures.filter(({ path }) => path !== '/extra/raw'))(
    'lets a filter of the application answer a failing $verb of POST $path, once',
    async ({ verb, path, wait = 0, isNew = false }) => {
      await start(OutageFilter);
      ground.clock.advance(wait);
      fail(verb);
      const visit = await (isNew ? ground.browser() : browser).post(path);
      expect(visit.status).toBe(503);
      expect(visit.json()).toEqual({ filtered: true });
      expect(OutageFilter.seen).toHaveLength(1);
      expect(OutageFilter.seen[0]!.cause).toMatchObject({ message: SECRET_OF_THE_STORE });
    },
  );

  it('does not touch the store again for a request that has already failed', async () => {
    await start();
    fail('commit');
    await browser.post('/set?colour=red');
    expect(ground.watched.take()).toEqual(['load', 'commit']);
  });

  it('leaves the session as it was when flush() fails and the handler goes on', async () => {
    await start();
    fail('destroy');
    ground.on('leave', async (session) => {
      await session.flush().catch(() => undefined);
      return session.toJSON();
    });
    const visit = await browser.post('/leave');
    expect(visit.json()).toEqual({ name: 'Ada' });
    expect(visit.setCookies).toEqual([]);
    recover();
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
  });

  it('6.6 does not answer 200 for a write that was lost, whatever a filter says', async () => {
    await start(RosyFilter);
    fail('commit');
    const visit = await browser.post('/set?colour=red');
    expect(visit.status).toBe(503);
    expect(visit.setCookies).toEqual([]);
  });

  it('6.6 answers 503 after 503 for as long as it lasts, and never starts an anonymous session', async () => {
    await start();
    fail('load');
    for (let visits = 0; visits < 3; visits++) {
      const visit = await browser.post('/set?colour=red');
      expect([visit.status, visit.setCookies]).toEqual([503, []]);
    }
    expect(ground.watched.take()).toEqual(['load', 'load', 'load']);
    recover();
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
  });
});
