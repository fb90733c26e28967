import { Controller, Get, Inject, Post, Redirect } from '@nestjs/common';
import { Session, SessionService } from 'nest-sessions';
import { seeOther } from '../pages/see-other.js';
import { SHOP, type Shop } from './shop.js';

/** How sessions end here. How they begin is the routes' of `HandoffModule`. */
@Controller()
export class SessionController {
  constructor(
    @Inject(SHOP) private readonly shop: Shop,
    private readonly sessions: SessionService,
  ) {}

  /** Where a silent login comes back to, whatever has become of it. */
  @Get('asked')
  @Redirect()
  asked(@Session() session: Session) {
    session.flash(
      'notice',
      session.userId === undefined
        ? 'Accounts knows nobody in this browser. It is not asked again for five minutes, unless you log in.'
        : `Accounts knows you, ${session.userId}, so you are logged in here as well.`,
    );
    return seeOther('/');
  }

  @Post('logout')
  @Redirect()
  async logOut(@Session() session: Session) {
    await this.sessions.logout();
    session.flash('notice', `You are logged out of ${this.shop.site.title}. The other sites still know you.`);
    return seeOther('/');
  }

  @Post('logout/everywhere')
  @Redirect()
  async logOutEverywhere(@Session() session: Session) {
    await this.sessions.logout({ everywhere: true });
    session.flash('notice', 'You are logged out of all three sites.');
    return seeOther('/');
  }
}
