import { Body, Controller, Get, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session, SessionService } from 'nest-sessions';
import { FormRefused } from '../pages/form-refused.exception.js';
import { FormPipe } from '../pages/form.pipe.js';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from '../preferences/phrases.js';
import { AccountsService } from './accounts.service.js';
import { PasswordForm } from './password.form.js';
import { userIdOf } from './user-id.js';

const VIEW = 'accounts/password';

@Controller('account/password')
@RequireLogin()
export class PasswordController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: SessionService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render(VIEW);
  }

  @Post()
  @Redirect()
  async change(@Body(new FormPipe(PasswordForm, VIEW)) form: PasswordForm, @Session() session: Session) {
    const { email } = await this.accounts.of(userIdOf(session));
    const account = await this.accounts.authenticate(email, form.current);
    if (!account) {
      throw new FormRefused(VIEW, form, { current: 'error.password.wrong' });
    }
    await this.accounts.changePassword(account, form.password);
    // Whoever knew the old password is out: on other devices, and with a stolen token of this session.
    await this.sessions.revokeAll(account.id, { except: session.id });
    await session.regenerate();
    session.flash('notice', phrasesOf(session).t('password.done'));
    return seeOther('/account');
  }
}
