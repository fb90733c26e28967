import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Site } from '../sites.js';
import { PageRenderer, SITE } from './page.renderer.js';
import { PagesFilter } from './pages.filter.js';

@Module({
  providers: [PageRenderer, { provide: APP_FILTER, useClass: PagesFilter }],
  exports: [PageRenderer],
})
export class PagesModule {
  static of(site: Site): DynamicModule {
    return { module: PagesModule, providers: [{ provide: SITE, useValue: site }] };
  }
}
