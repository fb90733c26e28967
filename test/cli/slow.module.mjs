// An application that never gets to start, as one whose database is away.
import { setInterval } from 'node:timers';
import { Module } from '@nestjs/common';

setInterval(() => undefined, 1000);

export class AppModule {}
Module({
  providers: [
    {
      provide: 'database',
      useFactory: () => {
        process.stdout.write('connecting\n');
        return new Promise(() => undefined);
      },
    },
  ],
})(AppModule);
