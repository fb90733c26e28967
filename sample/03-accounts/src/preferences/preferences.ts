import type { Session } from 'nest-sessions';

export const themes = { auto: 'auto', light: 'light', dark: 'dark' } as const;
export const languages = { en: 'en', de: 'de' } as const;

export type Theme = keyof typeof themes;
export type Language = keyof typeof languages;

export interface Preferences {
  theme: Theme;
  language: Language;
}

const defaults: Readonly<Preferences> = { theme: 'auto', language: 'en' };

/** Kept in the session, so that they hold before anybody has logged in. */
export function preferencesOf(session: Session): Readonly<Preferences> {
  return session.get('preferences', defaults);
}
