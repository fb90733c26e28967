import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import { SessionService } from 'nest-sessions';
import { CsrfService } from 'nest-sessions/csrf';
import { sites, type Site } from '../sites.js';
import { icon } from './icons.js';

export const SITE = Symbol('SITE');

const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });
const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

/** Renders pages to strings. */
@Injectable()
export class PageRenderer {
  private readonly eta = new Eta({
    views: join(import.meta.dirname, '..', 'views'),
    autoEscape: true,
    cache: true,
  });

  constructor(
    @Inject(SITE) private readonly site: Site,
    private readonly sessions: SessionService,
    private readonly csrf: CsrfService,
  ) {}

  async render(view: string, values: object = {}): Promise<string> {
    const session = await this.sessions.current();
    const { id, userId, authenticatedAt } = session;
    return this.bare(view, {
      ...values,
      csrf: await this.csrf.field(),
      notice: session.flash<string>('notice'),
      // What may be shown of a session. Its token may not, and no member has it.
      session: { id, userId, authenticatedAt, expiresAt: session.getExpiryDate(), keys: [...session.keys()] },
    });
  }

  /** A page that asks for no session: for when there is none to be had, or none to be touched. */
  bare(view: string, values: object = {}): string {
    return this.eta.render(view, {
      ...values,
      site: this.site,
      sites,
      icon,
      money: (cents: number) => money.format(cents / 100),
      time: (date: Date) => `${time.format(date)} UTC`,
      link: (path: string, parameters: Record<string, string>) =>
        `${path}?${new URLSearchParams(parameters)}`,
    });
  }
}
