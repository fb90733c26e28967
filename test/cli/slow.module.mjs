// An application that never gets to start, or not even loaded, as one whose database is away.
import { setInterval } from 'node:timers';
import { Module } from '@nestjs/common';

setInterval(() => undefined, 1000);

const connect = () => {
  process.stdout.write('connecting\n');
  return new Promise(() => undefined);
};
if (process.env.SLOW === 'loading') await connect();

export class AppModule {}
Module({ providers: [{ provide: 'database', useFactory: connect }] })(AppModule);
