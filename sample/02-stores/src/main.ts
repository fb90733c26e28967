import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { readCommandLine, usage } from './command-line.js';
import { stores, type StoreName } from './stores/index.js';
import { MissingServerError } from './stores/missing-server.error.js';

const command = readCommandLine(process.argv.slice(2));

if (command.kind === 'help') {
  console.log(usage());
} else if (command.kind === 'mistake') {
  console.error(`${command.problem}\n\n${usage()}`);
  process.exitCode = 2;
} else {
  await start(command.name).catch(explain);
}

async function start(name: StoreName): Promise<void> {
  const app = await NestFactory.create(AppModule.on(name, await stores[name].open()));
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  new Logger('Stores').log(`Open ${await app.getUrl()} (sessions: ${name})`);
}

/** For what the reader of a terminal can mend, a sentence says more than a stack. */
function explain(error: unknown): void {
  if (!(error instanceof MissingServerError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
