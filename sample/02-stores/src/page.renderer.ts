import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import { MAX_NOTE_LENGTH } from './session-data.js';
import { stores, type StoreName } from './stores/index.js';

export const STORE_NAME = Symbol('STORE_NAME');

export interface HomePage {
  visits: number;
  note: string;
  id: string | undefined;
}

@Injectable()
export class PageRenderer {
  private readonly eta = new Eta({
    views: join(import.meta.dirname, 'views'),
    autoEscape: true,
    cache: true,
  });

  constructor(@Inject(STORE_NAME) private readonly store: StoreName) {}

  home(page: HomePage): string {
    return this.render('home', { ...page, maxNoteLength: MAX_NOTE_LENGTH });
  }

  goodbye(): string {
    return this.render('goodbye', {});
  }

  private render(view: string, values: object): string {
    const { summary } = stores[this.store];
    return this.eta.render(view, { ...values, store: this.store, summary });
  }
}
