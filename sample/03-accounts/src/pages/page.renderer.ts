import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import { SessionService } from 'nest-sessions';
import { CsrfService } from 'nest-sessions/csrf';
import { phrasesIn } from '../preferences/phrases.js';
import { preferencesOf } from '../preferences/preferences.js';
import { basketOf, countOf } from '../shop/basket.js';
import { assets } from './assets.js';
import { icon } from './icons.js';
import { withNext } from './own-path.js';

/** Renders pages to strings, with what every page needs: who is here, their language and theme, basket, notice. */
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

  async render(view: string, values: object = {}): Promise<string> {
    const session = await this.sessions.current();
    const { theme, language } = preferencesOf(session);
    return this.eta.render(view, {
      values: {},
      errors: {},
      ...values,
      ...phrasesIn(language),
      theme,
      language,
      icon,
      link: withNext,
      assets,
      csrf: await this.csrf.field(),
      name: session.userId && session.get('displayName', ''),
      basketCount: countOf(basketOf(session)),
      notice: session.flash<string>('notice'),
    });
  }

  /** A page that asks for no session: for when there is none to be had, or none to be touched. */
  bare(view: string, values: object = {}): string {
    const common = { ...phrasesIn('en'), theme: 'auto', language: 'en', icon, assets, isBare: true };
    return this.eta.render(view, { ...common, ...values });
  }
}
