import { Controller, Get, NotFoundException, Param, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session } from 'nest-sessions';
import { userIdOf } from '../accounts/user-id.js';
import { now } from '../clock.js';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from '../preferences/phrases.js';
import { DevicesService } from './devices.service.js';

@Controller('account/devices')
@RequireLogin()
export class DevicesController {
  constructor(
    private readonly devices: DevicesService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  async show(@Session() session: Session): Promise<string> {
    const devices = await this.devices.list(userIdOf(session));
    return this.pages.render('devices/devices', { devices, now: now() });
  }

  @Post('log-out-others')
  @Redirect()
  async logOutOthers(@Session() session: Session) {
    const count = await this.devices.logOutOthers(userIdOf(session));
    session.flash('notice', phrasesOf(session).t('devices.othersLoggedOut', { count }));
    return seeOther('/account/devices');
  }

  @Post(':id/log-out')
  @Redirect()
  async logOut(@Param('id') id: string, @Session() session: Session) {
    const device = await this.devices.logOut(userIdOf(session), id);
    if (!device) {
      throw new NotFoundException();
    }
    if (device.current) {
      return seeOther('/login');
    }
    session.flash('notice', phrasesOf(session).t('devices.loggedOut'));
    return seeOther('/account/devices');
  }
}
