import { All, Body, Controller, Get, Post, type INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  memoryStore,
  SessionService,
  type SessionModuleOptions,
  type SessionStoreDefinition,
} from 'nest-sessions';
import {
  CsrfExempt,
  CsrfModule,
  CsrfService,
  CsrfToken,
  EnsureCsrfToken,
  type CsrfModuleOptions,
} from 'nest-sessions/csrf';
import { request, type IncomingMessage } from 'node:http';
import { playground, type Playground } from '../support/playground.js';

/** How often a handler that changes something has run. */
export const done = { count: 0 };

@Controller('pages')
class PagesController {
  constructor(
    private readonly csrf: CsrfService,
    private readonly sessions: SessionService,
  ) {}

  @All('act') act() {
    done.count++;
    return 'done';
  }

  @Post('body') body(@Body() body: unknown) {
    return body ?? null;
  }

  @Get('plain') plain() {
    return 'plain';
  }

  @Get('token') token(@CsrfToken() token: string) {
    return { token };
  }

  @Get('field') async field() {
    return { fields: [await this.csrf.field(), await this.csrf.field()] };
  }

  @Post('again') again(@CsrfToken() token: string) {
    return { token };
  }

  @Post('login') async login() {
    await this.sessions.login('ada');
    return { token: await this.csrf.token() };
  }

  @Get('ensured') @EnsureCsrfToken() ensured() {
    return 'ensured';
  }

  @Post('hook') @CsrfExempt() hook() {
    return 'done';
  }
}

@CsrfExempt()
@Controller('hooks')
class HooksController {
  @Post('any') any() {
    return 'done';
  }
}

@EnsureCsrfToken()
@Controller('spa')
class SpaController {
  @Get() index() {
    return 'index';
  }
}

interface CsrfApp {
  readonly adapter: AbstractHttpAdapter;
  readonly csrf?: CsrfModuleOptions;
  readonly store?: SessionStoreDefinition;
  readonly session?: Omit<SessionModuleOptions, 'store'>;
  readonly prepare?: NonNullable<Parameters<typeof playground>[0]['serve']>['prepare'];
}

/** The playground with pages that a CSRF attack is after. */
export function csrfApp({
  adapter,
  csrf,
  store = memoryStore(),
  session,
  prepare,
}: CsrfApp): Promise<Playground> {
  return playground({
    adapter,
    store,
    session,
    serve: {
      imports: [CsrfModule.forRoot(csrf)],
      controllers: [PagesController, HooksController, SpaController],
      prepare: async (app) => {
        readMultipartLater(app);
        await prepare?.(app);
      },
    },
  });
}

/** As `@fastify/multipart` does it: the body is left to the handler. On Express nobody has to be told. */
function readMultipartLater(app: INestApplication): void {
  if (app.getHttpAdapter().getType() === 'fastify') {
    const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    fastify.addContentTypeParser('multipart/form-data', (_request, payload, parsed) => {
      payload.resume();
      parsed(null);
    });
  }
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string | string[] | undefined>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  json<T = any>(): T;
}

/** A request with exactly these headers, which no browser and no `fetch` adds to. */
export async function ask(
  origin: string,
  path: string,
  { method = 'POST', headers = {}, body }: Sent = {},
): Promise<Answer> {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = request(new URL(path, origin), {
      method,
      agent: false,
      headers: Object.fromEntries(given) as Record<string, string | string[]>,
    });
    sending.once('error', reject).once('response', resolve);
    sending.end(body);
  });
  const text = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode!, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** What a browser holds after it has loaded a page with a token in it. */
export interface Holder {
  /** The header `Cookie`. */
  readonly cookie: string;
  readonly session: string | undefined;
  readonly secret: string;
  readonly token: string;
}

/** A browser with a session of its own, or without one, that has been given a token. */
export async function holder(app: Playground, { session = true } = {}): Promise<Holder> {
  const browser = session ? await app.visitor() : app.browser();
  const { token } = (await browser.get('/pages/token')).json();
  app.watched.take();
  return {
    cookie: browser.jar.getCookieStringSync(app.origin),
    session: browser.cookie(),
    secret: browser.cookie('csrf')!,
    token,
  };
}

export function form(fields: Record<string, string>): Sent {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}

export function json(value: unknown): Sent {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
