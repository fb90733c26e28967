import { join } from 'node:path';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { journal } from '../sites.js';
import { untilHungUp } from '../until-hung-up.js';
import { JournalModule } from './journal.module.js';

const app = await NestFactory.create<NestExpressApplication>(JournalModule, {
  logger: new ConsoleLogger({ prefix: 'Journal' }),
  forceCloseConnections: true,
});
app.disable('x-powered-by');
app.enableShutdownHooks();
app.useStaticAssets(join(import.meta.dirname, '..', '..', 'public'), { prefix: '/assets/' });
await app.listen(journal.port, '127.0.0.1');
untilHungUp();
