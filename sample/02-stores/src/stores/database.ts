import { TypeOrmModule } from '@nestjs/typeorm';
import { CreateSessions1735689600000 } from 'nest-sessions/typeorm';
import { dataPath } from './data-path.js';

/** The database of the application. */
export function database(file = 'sessions.sqlite') {
  return TypeOrmModule.forRoot({
    type: 'better-sqlite3',
    database: dataPath(file),
    enableWAL: true,
    autoLoadEntities: true,
    migrations: [CreateSessions1735689600000],
    migrationsRun: true,
  });
}
