import {
  BadRequestException,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Head,
  HttpCode,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Post,
  Redirect,
  Res,
  StreamableFile,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type MiddlewareConsumer,
  type NestInterceptor,
  type CallHandler,
  type ExecutionContext,
  type NestModule,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { Session, SessionService, type SessionStore } from 'nest-sessions';
import { concat, of, tap } from 'rxjs';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { memory } from '../support/memory.js';
import { hijack, rawResponse } from '../support/raw-response.js';
import { serve, type Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';
import { Wire } from '../support/wire.js';

const BIG = 'x'.repeat(500_000);
const CHUNK = Buffer.alloc(64 * 1024, 'y');
const CHUNKS = 80;

const fiveMegabytes = () =>
  Readable.from(
    (function* () {
      for (let index = 0; index < CHUNKS; index++) {
        yield CHUNK;
      }
    })(),
  );

/** What every row below does to the session. */
function count(session: Session): void {
  session.set('n', (session.get('n', 0) as number) + 1);
}

@Injectable()
class Counting {
  constructor(private readonly sessions: SessionService) {}

  async count(): Promise<void> {
    count(await this.sessions.current());
  }
}

@Injectable()
class CountAndRefuseGuard implements CanActivate {
  constructor(private readonly counting: Counting) {}

  async canActivate(): Promise<boolean> {
    await this.counting.count();
    throw new UnauthorizedException();
  }
}

@Injectable()
class CountGuard implements CanActivate {
  constructor(private readonly counting: Counting) {}

  async canActivate(): Promise<boolean> {
    await this.counting.count();
    return true;
  }
}

/** Changes the session when the module's own interceptor is done with it. */
@Injectable()
class CountAfterwardsInterceptor implements NestInterceptor {
  constructor(private readonly sessions: SessionService) {}

  async intercept(_context: ExecutionContext, next: CallHandler) {
    const session = await this.sessions.current();
    return next.handle().pipe(tap(() => count(session)));
  }
}

class Trouble extends Error {}

@Catch(Trouble)
class AnsweringFilter implements ExceptionFilter {
  catch(_error: Trouble, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(200).send({ from: 'filter' });
  }
}

@Catch(Trouble)
@Injectable()
class CountingFilter implements ExceptionFilter {
  constructor(private readonly sessions: SessionService) {}

  async catch(_error: Trouble, host: ArgumentsHost): Promise<void> {
    const session = await this.sessions.current();
    count(session);
    host
      .switchToHttp()
      .getResponse()
      .status(418)
      .send({ n: session.get('n') });
  }
}

@Controller()
class ResponsesController {
  @Get('read') read(@Session() session: Session) {
    return { n: session.get('n', 0) };
  }

  @Get('value') value(@Session() session: Session) {
    count(session);
    return { done: true };
  }

  @Get('observable') observable(@Session() session: Session) {
    count(session);
    return concat(of('first'), of('last'));
  }

  @Post('created') created(@Session() session: Session) {
    count(session);
    return { done: true };
  }

  @Get('no-content') @HttpCode(204) noContent(@Session() session: Session) {
    count(session);
  }

  @Head('head') head(@Session() session: Session) {
    count(session);
    return { done: true };
  }

  @Get('redirect') @Redirect('/elsewhere', 301) redirect(@Session() session: Session) {
    count(session);
  }

  @Get('redirect-manually') redirectManually(@Session() session: Session, @Res() response: any) {
    count(session);
    response.status(302).redirect('/elsewhere');
  }

  @Get('guard') @UseGuards(CountAndRefuseGuard) guard() {
    throw new Error('The guard has let it through.');
  }

  @Get('pipe/:n') @UseGuards(CountGuard) pipe(@Param('n', ParseIntPipe) n: number) {
    throw new Error(`The pipe has let ${n} through.`);
  }

  @Get('interceptor') @UseInterceptors(CountAfterwardsInterceptor) interceptor() {
    return { done: true };
  }

  @Get('bad-request') badRequest(@Session() session: Session) {
    count(session);
    throw new BadRequestException();
  }

  @Get('forbidden') async forbidden(@Session() session: Session) {
    count(session);
    await Promise.resolve();
    throw new ForbiddenException();
  }

  @Get('filter-answers') @UseFilters(AnsweringFilter) filterAnswers(@Session() session: Session) {
    count(session);
    throw new Trouble();
  }

  @Get('filter-counts') @UseFilters(CountingFilter) filterCounts() {
    throw new Trouble();
  }

  @Get('manual') manual(@Session() session: Session, @Res() response: any) {
    count(session);
    response.status(202).send({ done: true });
  }

  @Get('manual-later') manualLater(@Session() session: Session, @Res() response: any) {
    count(session);
    setImmediate(() => response.status(202).send({ done: true }));
  }

  @Get('passthrough') passthrough(@Session() session: Session, @Res({ passthrough: true }) response: any) {
    count(session);
    response.status(203);
    return { done: true };
  }

  @Get('file') file(@Session() session: Session) {
    count(session);
    return new StreamableFile(Buffer.from('a file'), { type: 'text/plain' });
  }

  @Get('big') big(@Session() session: Session) {
    count(session);
    return { text: BIG };
  }

  @Get('stream') stream(@Session() session: Session) {
    count(session);
    return new StreamableFile(fiveMegabytes());
  }

  @Get('stream-manually') streamManually(@Session() session: Session, @Res() response: any) {
    count(session);
    fiveMegabytes().pipe(hijack(response));
  }

  @Get('raw') raw(@Session() session: Session, @Res() response: any) {
    count(session);
    const raw = hijack(response);
    raw.writeHead(206, 'Some of it', { 'Content-Type': 'text/plain', 'X-Own': 'yes' });
    raw.write('raw ');
    raw.end('reply');
  }

  @Get('raw-list') rawList(@Session() session: Session, @Res() response: any) {
    count(session);
    hijack(response).writeHead(206, ['Content-Type', 'text/plain', 'X-Own', 'yes']).end('raw reply');
  }

  @Get('raw-unannounced') rawUnannounced(@Session() session: Session, @Res() response: any) {
    count(session);
    const raw = rawResponse(response);
    raw.writeHead(200, { 'Content-Type': 'text/plain' });
    raw.end('raw reply');
  }

  @Get('flushed-head') flushedHead(@Session() session: Session, @Res() response: any) {
    count(session);
    const raw = hijack(response);
    raw.flushHeaders();
    raw.end('flushed');
  }

  @Get('send-then-throw') sendThenThrow(@Session() session: Session, @Res() response: any) {
    count(session);
    response.status(200).send({ done: true });
    throw new Error('too late');
  }
}

/** Somebody else's middleware, which runs after ours and answers nothing. */
@Module({})
class CountingMiddlewareModule implements NestModule {
  constructor(private readonly sessions: SessionService) {}

  configure(consumer: MiddlewareConsumer): void {
    const use = async (request: any, _response: unknown, next: () => void) => {
      if ((request.originalUrl ?? request.url) === '/nowhere') {
        count(await this.sessions.current());
      }
      next();
    };
    consumer.apply(use).forRoutes('{*splat}');
  }
}

interface Row {
  readonly what: string;
  readonly path: string;
  readonly status: number;
  readonly method?: string;
  readonly body?: string | number;
  readonly header?: [name: string, value: string];
}

const DONE = '{"done":true}';
const rows: Row[] = [
  { what: 'a returned value', path: '/value', status: 200, body: DONE },
  { what: 'a returned Observable', path: '/observable', status: 200, body: 'last' },
  { what: 'a 201', path: '/created', method: 'POST', status: 201, body: DONE },
  { what: 'a 204', path: '/no-content', status: 204, body: '' },
  { what: 'an answer to HEAD', path: '/head', method: 'HEAD', status: 200, body: '' },
  { what: '@Redirect()', path: '/redirect', status: 301, header: ['location', '/elsewhere'] },
  { what: 'res.redirect()', path: '/redirect-manually', status: 302, header: ['location', '/elsewhere'] },
  { what: 'a refusal by a guard that has written', path: '/guard', status: 401 },
  { what: 'a refusal by a pipe after a guard has written', path: '/pipe/x', status: 400 },
  { what: "a change in an interceptor outside the module's", path: '/interceptor', status: 200, body: DONE },
  { what: 'a handler that throws a 400', path: '/bad-request', status: 400 },
  { what: 'an async handler that throws a 403', path: '/forbidden', status: 403 },
  {
    what: 'a filter that answers by itself',
    path: '/filter-answers',
    status: 200,
    body: '{"from":"filter"}',
  },
  { what: 'a filter that writes to the session itself', path: '/filter-counts', status: 418 },
  { what: 'a 404 after a middleware has written', path: '/nowhere', status: 404 },
  { what: '@Res()', path: '/manual', status: 202, body: DONE },
  { what: '@Res() that answers after the handler is done', path: '/manual-later', status: 202, body: DONE },
  { what: '@Res({ passthrough: true })', path: '/passthrough', status: 203, body: DONE },
  { what: 'a StreamableFile', path: '/file', status: 200, body: 'a file' },
  { what: 'a body of 500 kB', path: '/big', status: 200, body: BIG.length + '{"text":""}'.length },
  { what: 'a stream of 5 MB', path: '/stream', status: 200, body: CHUNK.length * CHUNKS },
  { what: 'a stream of 5 MB to @Res()', path: '/stream-manually', status: 200, body: CHUNK.length * CHUNKS },
  { what: 'a raw reply', path: '/raw', status: 206, body: 'raw reply', header: ['x-own', 'yes'] },
  { what: 'a raw reply with a list of headers', path: '/raw-list', status: 206, header: ['x-own', 'yes'] },
  { what: 'a raw reply that nobody announced', path: '/raw-unannounced', status: 200, body: 'raw reply' },
  { what: 'a flushed head', path: '/flushed-head', status: 200, body: 'flushed' },
  { what: 'a handler that throws after it has sent', path: '/send-then-throw', status: 200, body: DONE },
];

describe.each(adapters)('Responses on $adapter', ({ make }) => {
  let served: Served;
  let watched: WatchedStore;

  beforeEach(async () => {
    watched = watch(memory());
    served = await serve({
      adapter: make(),
      controllers: [ResponsesController],
      providers: [Counting],
      imports: [CountingMiddlewareModule],
      session: { store: watched.store as SessionStore },
    });
  });
  afterEach(() => served.close());

  /** Sends a request, holds it in the store and looks what the client has got by then. */
  async function visitHeldAt(verb: 'create' | 'commit', { path, method }: Row, browser: Browser) {
    const barrier = new Barrier();
    watched.before = (called) => (called === verb ? barrier.wait() : undefined);
    const cookie = browser.cookie();
    const wire = new Wire(served.origin, path, {
      method,
      headers: { ...(cookie && { cookie: `sessionid=${cookie}` }) },
    });
    await Promise.race([barrier.reached, wire.answer]);
    // Whatever had been sent before the barrier was reached is here when these two are back.
    await served.browser().get('/elsewhere');
    await served.browser().get('/elsewhere');
    const bytesWhileHeld = wire.bytesReceived;
    barrier.open();
    const answer = await wire.answer;
    watched.before = () => undefined;
    for (const setCookie of answer.setCookies) {
      browser.jar.setCookieSync(setCookie, served.origin);
    }
    return { answer, bytesWhileHeld };
  }

  describe.each(rows)('$what', (row) => {
    function expectAnswer({ status, body, headers }: Awaited<Wire['answer']>): void {
      expect(status).toBe(row.status);
      if (typeof row.body === 'number') {
        expect(body.length).toBe(row.body);
      } else if (row.body !== undefined) {
        expect(body.toString()).toBe(row.body);
      }
      if (row.header) {
        expect(headers[row.header[0]]).toBe(row.header[1]);
      }
      expect(headers.vary).toMatch(/\bCookie\b/);
    }

    it('starts a session before its first byte, and brings the cookie', async () => {
      const browser = served.browser();
      const { answer, bytesWhileHeld } = await visitHeldAt('create', row, browser);
      expect(bytesWhileHeld).toBe(0);
      expectAnswer(answer);
      expect(watched.take()).toEqual(['create']);
      expect(answer.setCookies).toEqual([expect.stringMatching(/^sessionid=[0-9a-f]{32}\.[\w-]{43};/)]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect((await browser.get('/read')).json()).toEqual({ n: 1 });
    });

    it('commits to a session before its first byte, and leaves the cookie as it is', async () => {
      const browser = served.browser();
      await browser.get('/value');
      watched.take();
      const { answer, bytesWhileHeld } = await visitHeldAt('commit', row, browser);
      expect(bytesWhileHeld).toBe(0);
      expectAnswer(answer);
      expect(watched.take()).toEqual(['load', 'commit']);
      expect(answer.setCookies).toEqual([]);
      expect((await browser.get('/read')).json()).toEqual({ n: 2 });
    });
  });
});
