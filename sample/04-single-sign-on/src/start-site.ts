import { join } from 'node:path';
import { ConsoleLogger, Logger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { securityHeaders } from './security-headers.js';
import type { Site } from './sites.js';

/** Starts a site in this process. */
export async function startSite({ title, port, origin }: Site, module: Type): Promise<void> {
  // The process that has started this one has hung up, or is no more.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger: new ConsoleLogger({ prefix: title }),
    // Browsers keep connections open that nobody uses; the end does not wait for them.
    forceCloseConnections: true,
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks();
  app.use(securityHeaders);
  // Before the session module's middleware: a style sheet needs no session.
  app.useStaticAssets(join(import.meta.dirname, '..', 'public'), { prefix: '/assets/' });
  await app.listen(port, '127.0.0.1');
  if (process.send) {
    process.send('listening');
  } else {
    new Logger(title).log(`Open ${origin}`);
  }
}
