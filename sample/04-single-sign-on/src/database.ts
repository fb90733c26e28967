import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CreateSessions1735689600000 } from 'nest-sessions/typeorm';

const folder = process.env.DATA ?? join(import.meta.dirname, '..');

/** A SQLite file with a table for sessions. */
export function database(file: string): DynamicModule {
  return TypeOrmModule.forRoot({
    type: 'better-sqlite3',
    database: join(folder, file),
    enableWAL: true,
    autoLoadEntities: true,
    synchronize: false,
    migrations: [CreateSessions1735689600000],
    migrationsRun: true,
  });
}
