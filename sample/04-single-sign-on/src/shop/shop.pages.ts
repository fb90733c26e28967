import { Inject, Injectable } from '@nestjs/common';
import { SessionService } from 'nest-sessions';
import { PageRenderer } from '../pages/page.renderer.js';
import { linesOf } from './basket.js';
import { SHOP, type Shop } from './shop.js';

/** Pages of a shop, each with the basket and with what the session is. */
@Injectable()
export class ShopPages {
  constructor(
    @Inject(SHOP) private readonly shop: Shop,
    private readonly sessions: SessionService,
    private readonly pages: PageRenderer,
  ) {}

  /** @param path Where the page is, to come back to after a login. */
  async render(view: string, path: string): Promise<string> {
    const session = await this.sessions.current();
    const lines = linesOf(session.get('basket', {}), this.shop.goods);
    return this.pages.render(view, {
      shop: this.shop,
      path,
      lines,
      basketCount: lines.reduce((count, { quantity }) => count + quantity, 0),
      total: lines.reduce((sum, line) => sum + line.total, 0),
    });
  }
}
