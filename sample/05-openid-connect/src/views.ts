import { join } from 'node:path';
import { Eta } from 'eta';
import { journal, provider } from './sites.js';

const eta = new Eta({ views: join(import.meta.dirname, 'views'), autoEscape: true, cache: true });
const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' });

/** A page as text. */
export function render(view: string, values: object): string {
  return eta.render(view, { provider, journal, time: (date: Date) => `${time.format(date)} UTC`, ...values });
}
