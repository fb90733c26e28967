import { Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { RequireRecentLogin, Session, SessionService } from 'nest-sessions';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from '../preferences/phrases.js';
import { AccountsService } from './accounts.service.js';
import { SignInService } from './sign-in.service.js';
import { userIdOf } from './user-id.js';

/** What nobody may do who only found the browser open. */
@Controller('account/data')
@RequireRecentLogin('5m')
export class PersonalDataController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: SessionService,
    private readonly signIns: SignInService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render('accounts/personal-data');
  }

  @Get('export')
  @Header('Content-Disposition', 'attachment; filename="leaf-and-kettle.json"')
  async export(@Session() session: Session) {
    const { name, email, createdAt } = await this.accounts.of(userIdOf(session));
    const { displayName: _, ...data } = session.toJSON();
    return {
      account: { name, email, createdAt },
      session: data,
      devices: await this.sessions.list(session.userId!),
    };
  }

  @Post('delete')
  @Redirect()
  async delete(@Session() session: Session) {
    const userId = userIdOf(session);
    await this.accounts.delete(userId);
    await this.sessions.revokeAll(userId, { except: session.id });
    await this.signIns.signOut();
    session.flash('notice', phrasesOf(session).t('data.deleted'));
    return seeOther('/');
  }
}
