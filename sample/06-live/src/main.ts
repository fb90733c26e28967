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
// Before the session module's middleware: a style sheet needs no session.
app.useStaticAssets(join(import.meta.dirname, '..', 'public'), { prefix: '/assets/' });
await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
new Logger('Live').log(`Open ${await app.getUrl()}`);
