import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { securityHeaders } from './security-headers.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.disable('x-powered-by');
app.enableShutdownHooks();
app.use(securityHeaders);
// The pages ask for these files with a version in the address, so that browsers may keep them for good. They are served
// before the session module's middleware: a style sheet needs no session.
app.useStaticAssets(join(import.meta.dirname, '..', 'public'), {
  prefix: '/assets/',
  maxAge: '365d',
  immutable: true,
});
await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
new Logger('Accounts').log(`Open ${await app.getUrl()}`);
