import { Body, Controller, Get, Post, Query, Redirect } from '@nestjs/common';
import { Session, SessionService } from 'nest-sessions';
import { ownPath } from 'nest-sessions/handoff';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { sites, type Site } from '../sites.js';
import { MAX_NAME_LENGTH, NamePipe } from './name.pipe.js';

const PEOPLE = ['Ada', 'Alan', 'Grace', 'Katherine'];

@Controller()
export class LoginController {
  constructor(
    private readonly sessions: SessionService,
    private readonly pages: PageRenderer,
  ) {}

  @Get('login')
  show(@Query('returnTo') returnTo: unknown): Promise<string> {
    const path = ownPath(returnTo);
    return this.pages.render('accounts/login', {
      returnTo: path,
      asking: whoAsks(path),
      people: PEOPLE,
      maxNameLength: MAX_NAME_LENGTH,
    });
  }

  @Post('login')
  @Redirect()
  async logIn(@Body('name', NamePipe) name: string, @Body('returnTo') returnTo: unknown) {
    // A real application asks for more than a name, as sample/03-accounts does.
    await this.sessions.login(name);
    // To a page of this site, or back into the flow that has led here.
    return seeOther(ownPath(returnTo));
  }

  /** Ends the login, and with it the sessions that other sites have of it. */
  @Post('logout')
  @Redirect()
  async logOut(@Session() session: Session) {
    await this.sessions.logout();
    session.flash('notice', 'You are logged out of all three sites.');
    return seeOther('/login');
  }
}

/** The site that has sent the user here, for the page to name it. Nothing is decided by that. */
function whoAsks(path: string): Site | undefined {
  const name = new URL(path, 'http://own.invalid').searchParams.get('aud');
  return sites.find((site) => site.name === name);
}
