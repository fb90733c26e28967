import { Controller, Get } from '@nestjs/common';
import { RequireLogin, Session, SessionService } from 'nest-sessions';
import { PageRenderer } from '../pages/page.renderer.js';
import { AccountsService } from './accounts.service.js';
import { userIdOf } from './user-id.js';

@Controller('account')
@RequireLogin()
export class AccountController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: SessionService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  async show(@Session() session: Session): Promise<string> {
    const account = await this.accounts.of(userIdOf(session));
    const devices = (await this.sessions.list(account.id)).length;
    return this.pages.render('accounts/account', { account, devices });
  }
}
