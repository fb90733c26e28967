import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpStatus, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session, SessionService } from 'nest-sessions';
import { NamePipe } from '../name.pipe.js';
import { PageRenderer } from '../pages/page.renderer.js';
import { NEW_QUIZ } from '../quiz/quiz.js';

/** The pages, and how the session of a quiz begins and ends. */
@Controller()
export class HostController {
  constructor(
    private readonly sessions: SessionService,
    private readonly pages: PageRenderer,
  ) {}

  @Get()
  home(@Session() session: Session): Promise<string> {
    return this.pages.render(session.userId === undefined ? 'welcome' : 'host');
  }

  /** What the audience sees. */
  @Get('screen')
  @RequireLogin()
  screen(): Promise<string> {
    return this.pages.render('screen');
  }

  @Post('login')
  @Redirect('/', HttpStatus.SEE_OTHER)
  async logIn(@Body('name', NamePipe) name: string): Promise<void> {
    // There are no accounts here, as there are in sample/03-accounts: whoever begins is somebody new.
    await this.sessions.login(randomUUID());
    const session = await this.sessions.current();
    session.update({ host: name, quiz: NEW_QUIZ });
  }

  /** Closes the sockets of all windows as well. */
  @Post('logout')
  @Redirect('/', HttpStatus.SEE_OTHER)
  async logOut(): Promise<void> {
    await this.sessions.logout();
  }
}
