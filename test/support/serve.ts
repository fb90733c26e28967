import {
  Module,
  type INestApplication,
  type LoggerService,
  type Type,
  type DynamicModule,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { SessionModule, SessionService, type SessionModuleOptions } from 'nest-sessions';
import { Browser } from './browser.js';

export interface Served {
  readonly app: INestApplication;
  readonly origin: string;
  readonly sessions: SessionService;
  /** What was logged, a line each. */
  readonly log: string[];
  browser(): Browser;
  close(): Promise<void>;
}

interface ServeOptions {
  readonly adapter: AbstractHttpAdapter;
  readonly session?: SessionModuleOptions;
  readonly controllers?: Type[];
  readonly providers?: any[];
  readonly imports?: (Type | DynamicModule | Promise<DynamicModule>)[];
  /** The application before it listens. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  /** Where it listens. Default: 127.0.0.1, any port. */
  readonly at?: { readonly host: string; readonly port: number };
}

/** A Nest application with sessions on a real socket. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { adapter, session, controllers = [], providers = [], imports = [], prepare } = options;
  const { host, port: wanted } = options.at ?? { host: '127.0.0.1', port: 0 };
  @Module({ imports: [...imports, SessionModule.forRoot(session)], controllers, providers })
  class AppModule {}

  const log: string[] = [];
  const app = await NestFactory.create(AppModule, adapter, { logger: recordTo(log), abortOnError: false });
  await prepare?.(app);
  await app.listen(wanted, host);
  const { port } = app.getHttpServer().address() as { port: number };
  const origin = `http://${host}:${port}`;
  return {
    app,
    origin,
    log,
    sessions: app.get(SessionService),
    browser: () => new Browser(origin),
    close: () => app.close(),
  };
}

function recordTo(log: string[]): LoggerService {
  const record =
    (level: string) =>
    (message: unknown): void => {
      log.push(`${level}: ${String(message)}`);
    };
  return { log: record('log'), warn: record('warn'), error: record('error'), fatal: record('fatal') };
}
