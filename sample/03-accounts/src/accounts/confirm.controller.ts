import { Body, Controller, Get, Post, Query, Redirect } from '@nestjs/common';
import { RequireLogin, Session } from 'nest-sessions';
import { FormRefused } from '../pages/form-refused.exception.js';
import { FormPipe } from '../pages/form.pipe.js';
import { OwnPathPipe } from '../pages/own-path.pipe.js';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { AccountsService } from './accounts.service.js';
import { ConfirmForm } from './confirm.form.js';
import { SignInService } from './sign-in.service.js';
import { userIdOf } from './user-id.js';

const VIEW = 'accounts/confirm';

/** "Confirm it is you": where `@RequireRecentLogin()` leads when the login was too long ago. */
@Controller('confirm')
@RequireLogin()
export class ConfirmController {
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
  async confirm(@Body(new FormPipe(ConfirmForm, VIEW)) form: ConfirmForm, @Session() session: Session) {
    const { email } = await this.accounts.of(userIdOf(session));
    const account = await this.accounts.authenticate(email, form.password);
    if (!account) {
      throw new FormRefused(VIEW, form, { password: 'error.password.wrong' });
    }
    await this.signIns.signIn(account);
    return seeOther(form.next);
  }
}
