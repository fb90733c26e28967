import { Body, Controller, Get, Post, Query, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { FormRefused } from '../pages/form-refused.exception.js';
import { FormPipe } from '../pages/form.pipe.js';
import { OwnPathPipe } from '../pages/own-path.pipe.js';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from '../preferences/phrases.js';
import { AccountsService } from './accounts.service.js';
import { LoginForm } from './login.form.js';
import { SignInService } from './sign-in.service.js';

const VIEW = 'accounts/login';

@Controller()
export class LoginController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly signIns: SignInService,
    private readonly pages: PageRenderer,
  ) {}

  @Get('login')
  show(@Query('next', OwnPathPipe) next: string): Promise<string> {
    return this.pages.render(VIEW, { values: { next } });
  }

  @Post('login')
  @Redirect()
  async logIn(@Body(new FormPipe(LoginForm, VIEW)) form: LoginForm, @Session() session: Session) {
    const account = await this.accounts.authenticate(form.email, form.password);
    if (!account) {
      throw new FormRefused(VIEW, form, { form: 'login.wrong' });
    }
    await this.signIns.signIn(account, form.remember);
    session.flash('notice', phrasesOf(session).t('login.done', { name: account.name }));
    return seeOther(form.next);
  }

  @Post('logout')
  @Redirect()
  async logOut() {
    await this.signIns.signOut();
    return seeOther('/');
  }
}
