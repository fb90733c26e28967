import { Body, Controller, Get, Post, Query, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { FormRefused } from '../pages/form-refused.exception.js';
import { FormPipe } from '../pages/form.pipe.js';
import { OwnPathPipe } from '../pages/own-path.pipe.js';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from '../preferences/phrases.js';
import { AccountsService } from './accounts.service.js';
import { SignInService } from './sign-in.service.js';
import { SignUpForm } from './sign-up.form.js';

const VIEW = 'accounts/sign-up';

@Controller('sign-up')
export class SignUpController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly signIns: SignInService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  show(@Query('next', OwnPathPipe) next: string): Promise<string> {
    return this.pages.render(VIEW, { values: { next } });
  }

  @Post()
  @Redirect()
  async signUp(@Body(new FormPipe(SignUpForm, VIEW)) form: SignUpForm, @Session() session: Session) {
    const account = await this.accounts.create(form.name, form.email, form.password);
    if (!account) {
      throw new FormRefused(VIEW, form, { email: 'error.email.taken' });
    }
    await this.signIns.signIn(account, false);
    session.flash('notice', phrasesOf(session).t('signUp.done', { name: account.name }));
    return seeOther(form.next);
  }
}
