export const themes = { light: 'light', dark: 'dark', sepia: 'sepia' } as const;
export const languages = { en: 'en', de: 'de', fr: 'fr' } as const;

export interface Preferences {
  theme: keyof typeof themes;
  language: keyof typeof languages;
}

export const defaultPreferences: Readonly<Preferences> = { theme: 'light', language: 'en' };

/** What a visitor may delete, by the names of the keys in the session. */
export const sessionKeys = {
  username: 'username',
  visits: 'visits',
  preferences: 'preferences',
} as const;

declare module 'nest-sessions' {
  interface SessionData {
    username: string;
    visits: number;
    preferences: Preferences;
  }
}
