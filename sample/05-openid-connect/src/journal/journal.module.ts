import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { fileStore, SessionModule } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { OidcLogoutModule } from 'nest-sessions/oidc';
import { CLIENT_ID, provider } from '../sites.js';
import { JournalController } from './journal.controller.js';
import { LoginController } from './login.controller.js';
import { OpenIdClient } from './openid.client.js';

const directory = join(process.env.DATA ?? join(import.meta.dirname, '..', '..', 'data'), 'sessions');

/** The application. It asks nobody for a password; and when the provider says that a login has ended, it has ended here. */
@Module({
  imports: [
    SessionModule.forRoot({ store: fileStore({ directory }) }),
    CsrfModule.forRoot(),
    OidcLogoutModule.forRoot({
      issuer: provider.origin,
      clientId: CLIENT_ID,
      jwks: `${provider.backChannel}/jwks`,
    }),
  ],
  controllers: [JournalController, LoginController],
  providers: [OpenIdClient],
})
export class JournalModule {}
