import { Body, Controller, Get, ParseEnumPipe, Post, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { PageRenderer } from '../pages/page.renderer.js';
import { seeOther } from '../pages/see-other.js';
import { phrasesOf } from './phrases.js';
import { languages, themes, type Language, type Theme } from './preferences.js';

@Controller('preferences')
export class PreferencesController {
  constructor(private readonly pages: PageRenderer) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render('preferences/preferences', {
      themes: Object.values(themes),
      languages: Object.values(languages),
    });
  }

  @Post()
  @Redirect()
  save(
    @Body('theme', new ParseEnumPipe(themes)) theme: Theme,
    @Body('language', new ParseEnumPipe(languages)) language: Language,
    @Session() session: Session,
  ) {
    session.data.preferences = { theme, language };
    // In the language that was just chosen.
    session.flash('notice', phrasesOf(session).t('preferences.saved'));
    return seeOther('/preferences');
  }
}
