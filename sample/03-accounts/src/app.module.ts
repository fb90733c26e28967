import './session-data.js';
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionModule } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { CreateSessions1735689600000 } from 'nest-sessions/typeorm';
import { CreateAccounts1767225600000 } from './accounts/accounts.migration.js';
import { AccountsModule } from './accounts/accounts.module.js';
import { now } from './clock.js';
import { DevicesModule } from './devices/devices.module.js';
import { PagesFilter } from './pages/pages.filter.js';
import { PagesModule } from './pages/pages.module.js';
import { PreferencesModule } from './preferences/preferences.module.js';
import { ShopModule } from './shop/shop.module.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: process.env.DATABASE ?? 'accounts.sqlite',
      enableWAL: true,
      autoLoadEntities: true,
      synchronize: false,
      migrations: [CreateSessions1735689600000, CreateAccounts1767225600000],
      migrationsRun: true,
    }),
    SessionModule.forRoot({ now }),
    CsrfModule.forRoot(),
    PagesModule,
    AccountsModule,
    DevicesModule,
    PreferencesModule,
    ShopModule,
  ],
  providers: [{ provide: APP_FILTER, useClass: PagesFilter }],
})
export class AppModule {}
