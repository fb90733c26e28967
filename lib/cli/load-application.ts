import { ConsoleLogger, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SessionService } from '../session.service.js';
import { CliError } from './cli.error.js';
import { EXIT, type Terminal } from './terminal.js';

/** Which application, as it was said on the command line. */
export interface ApplicationOptions {
  /** The file that exports the root module. */
  readonly app: string;
  /** The name of the root module in it. */
  readonly export?: string;
  /** Whether the application may log. */
  readonly verbose?: boolean;
}

/** Runs something with the sessions of an application, without a server, and closes it again. */
export async function withSessions<T>(
  options: ApplicationOptions,
  { cwd, signal }: Pick<Terminal, 'cwd' | 'signal'>,
  run: (sessions: SessionService) => Promise<T>,
): Promise<T> {
  // Either may be trying for long to reach a database.
  const module = await unlessAborted(signal, rootModule(resolve(cwd, options.app), options.export));
  const logger = options.verbose ? new ConsoleLogger({ colors: false }) : false;
  const app = await unlessAborted(
    signal,
    NestFactory.createApplicationContext(module, { logger, abortOnError: false }),
  );
  try {
    return await run(sessionsOf(app, module));
  } finally {
    await app.close();
  }
}

function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((started, reject) => {
    const interrupt = () => reject(new CliError('Interrupted.', EXIT.interrupted));
    if (signal.aborted) {
      interrupt();
    }
    signal.addEventListener('abort', interrupt);
    promise.then(started, reject);
  });
}

async function rootModule(path: string, exportName: string | undefined): Promise<Type> {
  await access(path).catch(() => {
    throw new CliError(
      `There is no file ${path}. Build the application first, or name it with --app.`,
      EXIT.usage,
    );
  });
  const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  // A CommonJS module has its exports once more under "default".
  const named = { ...(isRecord(exported.default) ? exported.default : {}), ...exported };
  const modules = Object.entries(named).filter(([, value]) => isModule(value)) as [string, Type][];
  const [found, ...others] = exportName ? modules.filter(([name]) => name === exportName) : unique(modules);
  if (!found) {
    const what = exportName ? `no module "${exportName}"` : 'no class with @Module()';
    throw new CliError(`${path} exports ${what}.`, EXIT.usage);
  }
  if (others.length > 0) {
    const names = modules.map(([name]) => name).join(', ');
    throw new CliError(`${path} exports several modules (${names}). Name one with --export.`, EXIT.usage);
  }
  return found[1];
}

function sessionsOf(app: INestApplicationContext, module: Type): SessionService {
  try {
    return app.get(SessionService, { strict: false });
  } catch (error) {
    throw new CliError(`${module.name} does not import SessionModule.`, EXIT.usage, { cause: error });
  }
}

function unique(modules: [string, Type][]): [string, Type][] {
  return [...new Map(modules.map(([name, value]) => [value, [name, value] as [string, Type]])).values()];
}

function isModule(value: unknown): boolean {
  return (
    typeof value === 'function' &&
    ['imports', 'providers', 'controllers', 'exports'].some((key) => Reflect.hasMetadata(key, value))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
