import { Controller, Get } from '@nestjs/common';
import { RequireLogin, Session, SessionService } from 'nest-sessions';
import { PageRenderer } from '../pages/page.renderer.js';
import { books, garden } from '../sites.js';
import { deviceOf } from './device.js';

@Controller()
export class AccountController {
  constructor(
    private readonly sessions: SessionService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  @RequireLogin()
  async show(@Session() session: Session): Promise<string> {
    const devices = (await this.sessions.list(session.userId!)).map(deviceOf);
    return this.pages.render('accounts/account', {
      apps: [books, garden],
      devices: devices.toSorted((a, b) => Number(b.current) - Number(a.current)),
    });
  }
}
