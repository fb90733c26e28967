import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import { SessionService } from 'nest-sessions';
import { CsrfService } from 'nest-sessions/csrf';
import { MAX_NAME_LENGTH } from '../name.pipe.js';
import { MAX_TEAMS } from '../quiz/quiz.changes.js';
import { NEW_QUIZ } from '../quiz/quiz.js';
import { ranked } from '../quiz/ranked.js';
import { icon } from './icons.js';

/** Renders pages to strings. */
@Injectable()
export class PageRenderer {
  private readonly eta = new Eta({
    views: join(import.meta.dirname, '..', 'views'),
    autoEscape: true,
    cache: true,
  });

  constructor(
    private readonly sessions: SessionService,
    private readonly csrf: CsrfService,
  ) {}

  async render(view: string): Promise<string> {
    const session = await this.sessions.current();
    const quiz = session.get('quiz', NEW_QUIZ);
    return this.bare(view, {
      host: session.get('host'),
      quiz,
      ranking: ranked(quiz),
      maxTeams: MAX_TEAMS,
      maxNameLength: MAX_NAME_LENGTH,
      field: await this.csrf.field(),
      token: await this.csrf.token(),
    });
  }

  /** A page that asks for no session: for when there is none to be had. */
  bare(view: string, values: object = {}): string {
    return this.eta.render(view, { ...values, icon });
  }
}
