import { Module } from '@nestjs/common';
import { SessionModule } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { HandoffModule } from 'nest-sessions/handoff';
import { database } from '../database.js';
import { PagesModule } from '../pages/pages.module.js';
import { accounts, books, garden } from '../sites.js';
import { AccountController } from './account.controller.js';
import { DevicesController } from './devices.controller.js';
import { LoginController } from './login.controller.js';

/** The issuer: where users log in, for all three sites. */
@Module({
  imports: [
    database('shared.sqlite'),
    SessionModule.forRoot({ audience: accounts.name }),
    CsrfModule.forRoot(),
    HandoffModule.forIssuer({
      issuer: accounts.origin,
      audiences: {
        // On this store.
        books: { callback: `${books.origin}/session/callback` },
        // On a store of its own: it asks, and is told, by requests that are signed with a key.
        garden: {
          callback: `${garden.origin}/session/callback`,
          key: process.env.GARDEN_KEY!,
          logoutUrl: `${garden.backChannel}/session/ended`,
        },
      },
      loginPath: accounts.loginPath,
    }),
    PagesModule.of(accounts),
  ],
  controllers: [AccountController, LoginController, DevicesController],
})
export class AccountsModule {}
