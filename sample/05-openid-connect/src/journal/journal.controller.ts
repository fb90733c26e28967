import { Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { RequireLogin, Session } from 'nest-sessions';
import { CsrfService } from 'nest-sessions/csrf';
import { render } from '../views.js';
import './session-data.js';

const LONGEST_ENTRY = 200;
const MOST_ENTRIES = 20;

@Controller()
export class JournalController {
  constructor(private readonly csrf: CsrfService) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async show(@Session() session: Session) {
    const { id, userId, authenticatedAt } = session;
    return render('journal/front', {
      csrf: await this.csrf.field(),
      user: userId,
      entries: session.get('entries', []),
      longestEntry: LONGEST_ENTRY,
      // What may be shown of a session. Its token may not, and no member has it.
      session: { id, authenticatedAt, expiresAt: session.getExpiryDate() },
    });
  }

  @Post('entries')
  @RequireLogin()
  @Redirect()
  write(@Session() session: Session, @Body('text') text: unknown) {
    const entry = String(text ?? '')
      .trim()
      .slice(0, LONGEST_ENTRY);
    if (entry) {
      session.update('entries', (entries: string[] = []) => [entry, ...entries].slice(0, MOST_ENTRIES));
    }
    return { url: '/', statusCode: 303 };
  }
}
