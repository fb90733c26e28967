import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-sessions';
import { CreateSessions1735689600000 } from 'nest-sessions/typeorm';
import { PageRenderer } from './page.renderer.js';
import { QuickstartController } from './quickstart.controller.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: process.env.DATABASE ?? join(import.meta.dirname, '..', 'quickstart.sqlite'),
      enableWAL: true,
      autoLoadEntities: true,
      synchronize: false,
      migrations: [CreateSessions1735689600000],
      migrationsRun: true,
    }),
    SessionModule.forRoot(),
  ],
  controllers: [QuickstartController],
  providers: [PageRenderer],
})
export class AppModule {}
