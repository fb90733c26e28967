import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type INestApplication, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { memoryStore, SessionModule, SessionService, type SessionModuleOptions } from 'nest-sessions';
import { Browser } from '../support/browser.js';

export interface Running {
  readonly app: INestApplication;
  readonly sessions: SessionService;
  browser(): Browser;
  close(): Promise<void>;
}

/** What a snippet is part of, on a real socket. */
export async function listen(module: Type, adapter: AbstractHttpAdapter): Promise<Running> {
  const app = await NestFactory.create(module, adapter, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return running(app);
}

/** An application of these parts, with sessions in memory. */
export function listenWith(
  parts: ModuleMetadata,
  adapter: AbstractHttpAdapter,
  options: SessionModuleOptions = {},
): Promise<Running> {
  const sessions = SessionModule.forRoot({ store: memoryStore(), ...options });
  return listen(moduleOf({ ...parts, imports: [sessions, ...(parts.imports ?? [])] }), adapter);
}

export function moduleOf(metadata: ModuleMetadata): Type {
  @Module(metadata)
  class SnippetModule {}
  return SnippetModule;
}

export function running(app: INestApplication): Running {
  const { port } = app.getHttpServer().address() as { port: number };
  return {
    app,
    sessions: app.get(SessionService),
    browser: () => new Browser(`http://127.0.0.1:${port}`),
    close: () => app.close(),
  };
}

/** Imports what calls `NestFactory` and listens by itself, and gives the application it has made. */
export async function runMain(start: () => Promise<unknown>): Promise<Running> {
  const port = process.env.PORT;
  const { create } = NestFactory;
  const original = create as (...args: unknown[]) => Promise<INestApplication>;
  let app: INestApplication | undefined;
  process.env.PORT = '0';
  NestFactory.create = (async (...args: unknown[]) => {
    app = await original.apply(NestFactory, args);
    app.useLogger(false);
    return app;
  }) as typeof create;
  try {
    await start();
  } finally {
    NestFactory.create = create;
    if (port === undefined) {
      delete process.env.PORT;
    } else {
      process.env.PORT = port;
    }
  }
  return running(app!);
}

/** Runs in an empty folder, which is gone afterwards: for what opens `app.sqlite`. */
export async function inEmptyFolder<T>(run: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'nest-sessions-readme-'));
  process.chdir(folder);
  try {
    return await run();
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
  }
}
