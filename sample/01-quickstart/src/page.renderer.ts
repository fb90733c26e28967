import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import { MAX_NAME_LENGTH } from './name.pipe.js';
import { defaultPreferences, languages, themes, type Preferences } from './session-data.js';

export interface HomePage {
  username: string;
  visits: number;
  preferences: Readonly<Preferences>;
  notice: string | undefined;
  session: {
    id: string | undefined;
    createdAt: Date;
    lastSeenAt: Date;
    expiresAt: Date;
    keys: string[];
  };
}

const greetings: Record<Preferences['language'], string> = { en: 'Hello', de: 'Hallo', fr: 'Bonjour' };
const languageNames: Record<Preferences['language'], string> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
};

/** Renders to strings, so that the controller is the same on Express and on Fastify. */
@Injectable()
export class PageRenderer {
  private readonly eta = new Eta({
    views: join(import.meta.dirname, 'views'),
    autoEscape: true,
    cache: true,
  });

  home(page: HomePage): string {
    return this.eta.render('home', {
      ...page,
      theme: page.preferences.theme,
      greeting: greetings[page.preferences.language],
      themes: Object.values(themes),
      languages: Object.values(languages),
      languageNames,
      maxNameLength: MAX_NAME_LENGTH,
      readable,
    });
  }

  goodbye(): string {
    return this.eta.render('goodbye', { theme: defaultPreferences.theme });
  }
}

function readable(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
