import { Controller, Get } from '@nestjs/common';
import { PageRenderer } from '../pages/page.renderer.js';
import { teas } from './teas.js';

@Controller()
export class ShopController {
  constructor(private readonly pages: PageRenderer) {}

  @Get()
  show(): Promise<string> {
    return this.pages.render('shop/shop', { teas });
  }
}
