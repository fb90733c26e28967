import { Controller, NotFoundException, Param, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session, SessionService } from 'nest-sessions';
import { seeOther } from '../pages/see-other.js';

/** Ends logins of the same user in other browsers. Each takes its sessions at the shops along. */
@Controller('devices')
@RequireLogin()
export class DevicesController {
  constructor(private readonly sessions: SessionService) {}

  @Post('log-out-others')
  @Redirect()
  async logOutOthers(@Session() session: Session) {
    await this.sessions.revokeAll(session.userId!, { except: session.id });
    session.flash('notice', 'All your other devices are logged out, of all three sites.');
    return seeOther('/');
  }

  @Post(':id/log-out')
  @Redirect()
  async logOut(@Param('id') id: string, @Session() session: Session) {
    // An id is no secret: that it is one of this user's has to be checked.
    const devices = await this.sessions.list(session.userId!);
    if (!devices.some((device) => device.id === id)) {
      throw new NotFoundException();
    }
    await this.sessions.revoke(id);
    session.flash('notice', 'That device is logged out, of all three sites.');
    return seeOther('/');
  }
}
