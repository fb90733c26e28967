import {
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Res,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { of } from 'rxjs';
import { Session, SessionService, SessionStoreError, type SessionStore } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { memory } from '../support/memory.js';
import { hijack } from '../support/raw-response.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';

const ORIGIN = 'https://app.example';

@Injectable()
class WriteAndRefuseGuard implements CanActivate {
  constructor(private readonly sessions: SessionService) {}

  async canActivate(): Promise<boolean> {
    (await this.sessions.current()).set('name', 'Grace');
    throw new ForbiddenException();
  }
}

@Catch(SessionStoreError)
class OutageFilter implements ExceptionFilter {
  catch(error: SessionStoreError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(error.getStatus()).send({ from: 'filter' });
  }
}

@Controller()
class OutageController {
  @Get('read') read(@Session() session: Session) {
    return { name: session.get('name', 'Guest') };
  }

  @Get('login') login(@Session() session: Session) {
    session.set('name', 'Ada');
  }

  @Get('value') value(@Session() session: Session) {
    session.set('name', 'Grace');
    return { done: true };
  }

  @Get('regenerate') regenerate(@Session() session: Session) {
    return session.regenerate();
  }

  @Get('flush') flush(@Session() session: Session) {
    return session.flush();
  }

  @Get('filtered') @UseFilters(OutageFilter) filtered(@Session() session: Session) {
    session.set('name', 'Grace');
    return { done: true };
  }

  @Get('filtered-passthrough') @UseFilters(OutageFilter) filteredPassthrough(
    @Session() session: Session,
    @Res({ passthrough: true }) response: any,
  ) {
    session.set('name', 'Grace');
    response.header('X-Own', 'yes');
    return { done: true };
  }

  @Get('guard') @UseGuards(WriteAndRefuseGuard) guard() {
    throw new Error('The guard has let it through.');
  }

  @Get('manual') manual(@Session() session: Session, @Res() response: any) {
    session.set('name', 'Grace');
    response.header('ETag', '"own"').header('Location', '/own').header('Content-Language', 'la');
    response.status(200).send({ done: true });
  }

  @Get('stream') stream(@Session() session: Session) {
    session.set('name', 'Grace');
    return new StreamableFile(Readable.from([Buffer.alloc(100_000), Buffer.alloc(100_000)]));
  }

  @Get('piped') piped(@Session() session: Session, @Res() response: any) {
    session.set('name', 'Grace');
    Readable.from([Buffer.alloc(100_000), Buffer.alloc(100_000)]).pipe(hijack(response));
  }

  @Get('manual-later') manualLater(@Session() session: Session, @Res() response: any) {
    session.set('name', 'Grace');
    setImmediate(() => response.status(200).send({ done: true }));
  }

  @Get('unkept') unkept(@Session() session: Session<any>, @Res() response: any) {
    session.data.page = Number('no number');
    setImmediate(() => response.status(200).send({ done: true }));
  }

  @Get('raw') raw(@Session() session: Session, @Res() response: any) {
    session.set('name', 'Grace');
    const raw = hijack(response);
    raw.writeHead(201, 'Made', { 'Content-Type': 'text/plain', 'Content-Length': 4 });
    raw.write('do');
    raw.end('ne');
  }

  @Sse('events') events(@Session() session: Session) {
    session.set('name', 'Grace');
    return of({ data: 'an event' });
  }
}

@Module({})
class WritingMiddlewareModule implements NestModule {
  constructor(private readonly sessions: SessionService) {}

  configure(consumer: MiddlewareConsumer): void {
    const use = async (request: any, _response: unknown, next: (error?: unknown) => void) => {
      if ((request.originalUrl ?? request.url) === '/nowhere') {
        (await this.sessions.current()).set('name', 'Grace');
      }
      next();
    };
    consumer.apply(use).forRoutes('{*splat}');
  }
}

const byFilters = [
  { when: 'when it is loaded', verb: 'load', path: '/read' },
  { when: 'when it is loaded to be written', verb: 'load', path: '/value' },
  { when: 'when it is loaded for @Res()', verb: 'load', path: '/manual' },
  { when: 'when it is loaded in a guard', verb: 'load', path: '/guard' },
  { when: 'when it is committed after the handler', verb: 'commit', path: '/value' },
  { when: 'when it is committed before a stream', verb: 'commit', path: '/stream' },
  { when: 'when it is regenerated after the handler', verb: 'replace', path: '/regenerate' },
  { when: 'when it is flushed', verb: 'destroy', path: '/flush' },
];

const byGate = [
  { when: 'under @Res()', verb: 'commit', path: '/manual' },
  { when: 'under @Res() that answers after the handler is done', verb: 'commit', path: '/manual-later' },
  { when: 'under a stream to @Res()', verb: 'commit', path: '/piped' },
  { when: 'under a raw reply', verb: 'commit', path: '/raw' },
  { when: 'under server-sent events', verb: 'commit', path: '/events' },
  { when: 'after a 403 by a guard', verb: 'commit', path: '/guard' },
  { when: 'after a 404', verb: 'commit', path: '/nowhere' },
];

describe.each(adapters)('A failing store on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;
  let visitor: Browser;
  let errors: string[];

  beforeEach(async () => {
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [OutageController],
      imports: [WritingMiddlewareModule],
      session: { store: watched.store as SessionStore },
      prepare: (app) => {
        app.use((_request: unknown, response: any, next: () => void) => {
          response.setHeader('Access-Control-Allow-Origin', ORIGIN);
          next();
        });
      },
    });
    visitor = served.browser();
    await visitor.get('/login');
    watched.take();
    errors = [];
    served.sessions.events.subscribe((event) => {
      if (event.type === 'store-error') {
        errors.push(event.verb);
      }
    });
  });
  afterEach(() => served.close());

  function breakDown(verb: string): void {
    watched.before = (called) => {
      if (called === verb) {
        throw new Error('connect ECONNREFUSED db.internal:5432');
      }
    };
  }

  async function expectOutage(path: string, verb: string, browser = visitor) {
    breakDown(verb);
    const token = browser.cookie();
    const visit = await browser.get(path);
    expect(visit.status).toBe(503);
    expect(visit.setCookies).toEqual([]);
    expect(browser.cookie()).toBe(token);
    expect(visit.text).not.toContain('db.internal');
    expect(visit.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(new Set(errors)).toEqual(new Set([verb]));
    return visit;
  }

  async function expectRecovery(): Promise<void> {
    watched.before = () => undefined;
    expect((await visitor.get('/read')).json()).toEqual({ name: 'Ada' });
    expect((await visitor.get('/value')).status).toBe(200);
    expect((await visitor.get('/read')).json()).toEqual({ name: 'Grace' });
  }

  it.each([...byFilters, ...byGate])('is a 503 $when ($verb), and soon forgotten', async ({ path, verb }) => {
    const visit = await expectOutage(path, verb);
    expect(visit.headers.get('content-type')).toMatch(/^application\/json/);
    expect(visit.json()).toMatchObject({ statusCode: 503, message: 'The session store is unavailable.' });
    await expectRecovery();
  });

  it.each([
    { when: 'after the handler', path: '/value' },
    { when: 'before a stream', path: '/stream' },
    ...byGate,
  ])('is a 503 when a session is to be started $when', async ({ path }) => {
    await expectOutage(path, 'create', served.browser());
  });

  it.each([
    { when: 'at load', path: '/filtered', verb: 'load' },
    { when: 'at commit', path: '/filtered', verb: 'commit' },
    { when: 'at commit under @Res({ passthrough: true })', path: '/filtered-passthrough', verb: 'commit' },
  ])('is an exception that filters see $when', async ({ path, verb }) => {
    expect((await expectOutage(path, verb)).json()).toEqual({ from: 'filter' });
  });

  it('leaves nothing in the answer that described the one thrown away', async () => {
    const { headers, text } = await expectOutage('/manual', 'commit');
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-length': String(text.length),
    });
    for (const name of ['etag', 'location', 'content-language']) {
      expect(headers.get(name)).toBeNull();
    }
  });

  it('is answered for once, as is a value that no store could keep, when @Res() answers after the handler', async () => {
    expect((await visitor.get('/unkept')).status).toBe(500);
    await expectRecovery();
  });

  it('answers on a connection that goes on', async () => {
    await expectOutage('/raw', 'commit');
    await expectRecovery();
    expect((await visitor.get('/raw')).text).toBe('done');
  });

  it('is only an error for a cookie that belongs to no session, which stays', async () => {
    breakDown('load');
    const headers = { cookie: `sessionid=${'0'.repeat(32)}.${'A'.repeat(43)}` };
    const visit = await served.browser().get('/read', { headers });
    expect(visit.status).toBe(503);
    expect(visit.setCookies).toEqual([]);
  });
});
