import { Body, Controller, Get, Header, ParseEnumPipe, Post, Redirect } from '@nestjs/common';
import { Session } from 'nest-sessions';
import { NamePipe } from './name.pipe.js';
import { PageRenderer } from './page.renderer.js';
import { defaultPreferences, languages, sessionKeys, themes, type Preferences } from './session-data.js';

const HTML = 'text/html; charset=utf-8';
// 303 makes the browser follow with a GET, so that reloading the page sends no form twice.
const SEE_OTHER = 303;

@Controller()
export class QuickstartController {
  constructor(private readonly pages: PageRenderer) {}

  @Get()
  @Header('Content-Type', HTML)
  home(@Session() session: Session): string {
    session.update('visits', (visits = 0) => visits + 1);

    return this.pages.home({
      username: session.get('username', 'Guest'),
      visits: session.get('visits', 0),
      preferences: session.get('preferences', defaultPreferences),
      notice: session.flash<string>('notice'),
      session: {
        id: session.id,
        createdAt: session.createdAt,
        lastSeenAt: session.lastSeenAt,
        expiresAt: session.getExpiryDate(),
        keys: [...session.keys()],
      },
    });
  }

  @Post('name')
  @Redirect('/', SEE_OTHER)
  rename(@Body('name', NamePipe) name: string, @Session() session: Session): void {
    session.data.username = name;
    session.flash('notice', `Nice to meet you, ${name}.`);
  }

  @Post('preferences/theme')
  @Redirect('/', SEE_OTHER)
  chooseTheme(
    @Body('theme', new ParseEnumPipe(themes)) theme: Preferences['theme'],
    @Session() session: Session,
  ): void {
    session.data.preferences ??= { ...defaultPreferences };
    session.data.preferences.theme = theme;
    session.flash('notice', `The theme is ${theme} now.`);
  }

  @Post('preferences/language')
  @Redirect('/', SEE_OTHER)
  chooseLanguage(
    @Body('language', new ParseEnumPipe(languages)) language: Preferences['language'],
    @Session() session: Session,
  ): void {
    session.setDefault('preferences', { ...defaultPreferences }).language = language;
    session.flash('notice', `The language is ${language} now.`);
  }

  @Post('delete')
  @Redirect('/', SEE_OTHER)
  deleteKey(
    @Body('key', new ParseEnumPipe(sessionKeys)) key: keyof typeof sessionKeys,
    @Session() session: Session,
  ): void {
    const existed = session.delete(key);
    session.flash('notice', existed ? `Deleted “${key}”.` : `There was no “${key}”.`);
  }

  @Post('regenerate')
  @Redirect('/', SEE_OTHER)
  async regenerate(@Session() session: Session): Promise<void> {
    await session.regenerate();
    session.flash('notice', 'Same data, new id. The old cookie is worthless now.');
  }

  @Post('flush')
  @Redirect('/goodbye', SEE_OTHER)
  async flush(@Session() session: Session): Promise<void> {
    // No flash message here: writing to the session would start the next one.
    await session.flush();
  }

  @Get('goodbye')
  @Header('Content-Type', HTML)
  goodbye(): string {
    return this.pages.goodbye();
  }
}
