import { Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { NotePipe } from './note.pipe.js';
import { PageRenderer } from './page.renderer.js';

const HTML = 'text/html; charset=utf-8';
// 303 makes the browser follow with a GET, so that reloading the page sends no form twice.
const SEE_OTHER = 303;

@Controller()
export class VisitsController {
  constructor(private readonly pages: PageRenderer) {}

  @Get()
  @Header('Content-Type', HTML)
  home(@Session() session: Session): string {
    const visits = session.update('visits', (count = 0) => count + 1);
    return this.pages.home({ visits, note: session.get('note', ''), id: session.id });
  }

  @Post('note')
  @Redirect('/', SEE_OTHER)
  write(@Body('note', NotePipe) note: string, @Session() session: Session): void {
    session.data.note = note;
  }

  @Post('flush')
  @Redirect('/goodbye', SEE_OTHER)
  async flush(@Session() session: Session): Promise<void> {
    await session.flush();
  }

  /** Asks for no session, so that looking at it begins none. */
  @Get('goodbye')
  @Header('Content-Type', HTML)
  goodbye(): string {
    return this.pages.goodbye();
  }
}
