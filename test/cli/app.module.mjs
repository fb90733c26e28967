// An application as it stands compiled in dist/, for the command line to load.
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-sessions';
import { SessionEntity, typeOrmStore } from 'nest-sessions/typeorm';

export class AppModule {}
Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: process.env.DATABASE,
      entities: [SessionEntity],
      synchronize: true,
      retryAttempts: 0,
    }),
    SessionModule.forRoot({ store: typeOrmStore(), cleanup: false }),
  ],
})(AppModule);
