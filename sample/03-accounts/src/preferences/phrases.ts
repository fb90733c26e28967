import type { Session } from 'nest-sessions';
import { de } from './dictionary/de.js';
import { en } from './dictionary/en.js';
import { preferencesOf, type Language } from './preferences.js';

export type MessageKey = keyof typeof en;

const dictionaries: Record<Language, Record<MessageKey, string>> = { en, de };

/** How to say things in a language. */
export interface Phrases {
  /** A message, with its `{placeholders}` filled in. */
  t(key: MessageKey, values?: Record<string, string | number>): string;
  /** An amount of cents. */
  money(cents: number): string;
  date(date: Date): string;
  /** How long ago that was. */
  ago(date: Date, now: number): string;
}

const phrases = { en: phrasesFor('en', 'en-GB'), de: phrasesFor('de', 'de-DE') };

export function phrasesIn(language: Language): Phrases {
  return phrases[language];
}

export function phrasesOf(session: Session): Phrases {
  return phrasesIn(preferencesOf(session).language);
}

function phrasesFor(language: Language, locale: string): Phrases {
  const messages = dictionaries[language];
  const currency = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  return {
    t: (key, values = {}) => messages[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? '')),
    money: (cents) => currency.format(cents / 100),
    date: (date) => dates.format(date),
    ago(date, now) {
      const seconds = Math.max(0, Math.round((now - date.getTime()) / 1000));
      if (seconds < 60) {
        return messages['time.now'];
      }
      const [size, unit] = units.find(([length]) => seconds >= length)!;
      return relative.format(-Math.floor(seconds / size), unit);
    },
  };
}

const units: readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];
